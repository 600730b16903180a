// SPDX-License-Identifier: MIT

// Verifies tokens with go-oidc as a relying party would: it is given an issuer
// and finds everything else itself.
//
//	verify ISSUER AUDIENCE ADDRESS CA.pem [ALGORITHM...]
//
// The issuer's name leads to ADDRESS.  The algorithms are those that its
// discovery document names, unless they are given.  Tokens come on standard input, one a
// line; for each a line says "ok SUBJECT" or "refused: REASON".
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
)

func client(address, caFile string) (*http.Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate", caFile)
	}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
	return &http.Client{Transport: &http.Transport{
		DialContext:     dial,
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}}, nil
}

func run(issuer, audience, address, caFile string, algorithms []string) error {
	c, err := client(address, caFile)
	if err != nil {
		return err
	}
	ctx := oidc.ClientContext(context.Background(), c)
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return err
	}
	verifier := provider.Verifier(&oidc.Config{
		ClientID:             audience,
		SupportedSigningAlgs: algorithms,
	})
	tokens := bufio.NewScanner(os.Stdin)
	for tokens.Scan() {
		token, err := verifier.Verify(ctx, tokens.Text())
		if err != nil {
			fmt.Printf("refused: %v\n", err)
		} else {
			fmt.Printf("ok %s\n", token.Subject)
		}
	}
	return tokens.Err()
}

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: verify ISSUER AUDIENCE ADDRESS CA.pem [ALGORITHM...]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}
