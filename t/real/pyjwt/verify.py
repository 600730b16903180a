# SPDX-License-Identifier: MIT
"""Verify tokens with PyJWT as a relying party would: it is given an issuer,
and finds the keys by its discovery document.

    verify.py ISSUER AUDIENCE ADDRESS CA.pem

The issuer's name leads to ADDRESS.  Tokens come on standard input, one a
line; for each a line says "ok SUBJECT" or "refused: REASON".
"""

import json
import socket
import ssl
import sys
import urllib.request

import jwt


def lead_to(address):
    """Every name leads to that address."""
    host, port = address.rsplit(":", 1)
    resolve = socket.getaddrinfo

    def resolve_anything(*_args, **_named):
        return resolve(host, port, type=socket.SOCK_STREAM)

    socket.getaddrinfo = resolve_anything


def discover(issuer, context):
    url = issuer.removesuffix("/") + "/.well-known/openid-configuration"
    with urllib.request.urlopen(url, context=context) as answer:
        discovery = json.load(answer)
    # OpenID Connect Discovery section 4.3
    if discovery["issuer"] != issuer:
        sys.exit(f"verify: the issuer says it is {discovery['issuer']}")
    return discovery


def main(issuer, audience, address, ca_file):
    lead_to(address)
    context = ssl.create_default_context(cafile=ca_file)
    discovery = discover(issuer, context)
    client = jwt.PyJWKClient(discovery["jwks_uri"], ssl_context=context)
    for line in sys.stdin:
        token = line.strip()
        try:
            claims = jwt.decode(
                token,
                client.get_signing_key_from_jwt(token),
                algorithms=discovery["id_token_signing_alg_values_supported"],
                audience=audience,
                issuer=issuer,
            )
            print("ok", claims["sub"])
        except jwt.PyJWTError as error:
            print("refused:", error)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
