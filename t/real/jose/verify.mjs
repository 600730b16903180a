// SPDX-License-Identifier: MIT
//
// Verifies tokens with jose as a relying party would: it is given an issuer,
// and finds the keys by its discovery document.
//
//     node verify.mjs ISSUER AUDIENCE ADDRESS CA.pem
//
// The issuer's name leads to ADDRESS.  Tokens come on standard input, one a
// line; for each a line says "ok SUBJECT" or "refused: REASON".
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { createInterface } from 'node:readline';
import tls from 'node:tls';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';

const [issuer, audience, address, caFile] = process.argv.slice(2);
const [, host, port] = /^(.*):(\d+)$/.exec(address);
const ca = readFileSync(caFile);

class Agent extends https.Agent {
  createConnection(options) {
    return tls.connect({ ...options, host, port, ca });
  }
}
const agent = new Agent();

function get(url) {
  return new Promise((resolve, reject) => {
    https.get(url, { agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => resolve(new Response(Buffer.concat(parts), {
        status: answer.statusCode, headers: answer.headers })));
    }).on('error', reject);
  });
}

const answer = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
const discovery = await answer.json();
// OpenID Connect Discovery section 4.3
if (answer.status !== 200 || discovery.issuer !== issuer) {
  console.error(`verify: status ${answer.status}, issuer ${discovery.issuer}`);
  process.exit(1);
}
const keys = createRemoteJWKSet(new URL(discovery.jwks_uri), { [customFetch]: get });
const algorithms = discovery.id_token_signing_alg_values_supported;

for await (const token of createInterface({ input: process.stdin })) {
  try {
    const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms });
    console.log(`ok ${payload.sub}`);
  } catch (error) {
    console.log(`refused: ${error.message}`);
  }
}
