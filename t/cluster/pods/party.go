// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// A relying party: it trusts some issuers for one audience.
type party struct {
	name      string
	verifiers []*oidc.IDTokenVerifier
}

// Two of them, which differ in when they ask for the keys: go-oidc's own way is
// to ask again for every kid that it does not know; the other one keeps what it
// has for as long as the answer's max-age says, as gateways do.
func newParties(c *config) ([]*party, error) {
	client, err := newClient(c.IssuerCA, c.Address)
	if err != nil {
		return nil, err
	}
	ctx := oidc.ClientContext(context.Background(), client)
	asking, caching := &party{name: "asking"}, &party{name: "caching"}
	for _, issuer := range c.Issuers {
		provider, err := oidc.NewProvider(ctx, issuer)
		if err != nil {
			return nil, err
		}
		var found struct {
			JWKSURI string   `json:"jwks_uri"`
			Algs    []string `json:"id_token_signing_alg_values_supported"`
		}
		if err := provider.Claims(&found); err != nil {
			return nil, err
		}
		how := &oidc.Config{ClientID: c.Audience, SupportedSigningAlgs: []string{
			oidc.RS256, oidc.ES256}}
		asking.verifiers = append(asking.verifiers, provider.Verifier(how))
		caching.verifiers = append(caching.verifiers, oidc.NewVerifier(issuer,
			&cache{url: found.JWKSURI, client: client}, how))
	}
	return []*party{asking, caching}, nil
}

// verify tries the issuers in turn: the one that is not the token's says so
// before it looks for a key.  Whoever gets no keys refuses as well.
func (p *party) verify(ctx context.Context, text string) error {
	var said []error
	for _, verifier := range p.verifiers {
		_, err := verifier.Verify(ctx, text)
		if err == nil {
			return nil
		}
		said = append(said, err)
	}
	reason := errors.Join(said...).Error()
	return refusal{kidless.ReplaceAllString(reason, "KID")}
}

// so that reasons can be counted
var kidless = regexp.MustCompile(`[\w-]{43}`)

// A JWKS that is kept for its max-age.
type cache struct {
	url    string
	client *http.Client

	mutex   sync.Mutex
	keys    jose.JSONWebKeySet
	expires time.Time
}

var maxAge = regexp.MustCompile(`\bmax-age=(\d+)`)

func (c *cache) fetch(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, "GET", c.url, nil)
	if err != nil {
		return err
	}
	asked := time.Now()
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", c.url, response.Status)
	}
	var keys jose.JSONWebKeySet
	body := io.LimitReader(response.Body, 1<<20)
	if err := json.NewDecoder(body).Decode(&keys); err != nil {
		return err
	}
	seconds := 0
	if found := maxAge.FindStringSubmatch(
		response.Header.Get("Cache-Control")); found != nil {
		if seconds, err = strconv.Atoi(found[1]); err != nil {
			return err
		}
	}
	c.keys = keys
	c.expires = asked.Add(time.Duration(seconds) * time.Second)
	return nil
}

// VerifySignature is go-oidc's KeySet.
func (c *cache) VerifySignature(ctx context.Context, text string) ([]byte, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if time.Now().After(c.expires) {
		if err := c.fetch(ctx); err != nil {
			return nil, err
		}
	}
	signed, err := jose.ParseSigned(text, []jose.SignatureAlgorithm{
		jose.RS256, jose.ES256})
	if err != nil {
		return nil, err
	}
	kid := signed.Signatures[0].Header.KeyID
	for _, key := range c.keys.Key(kid) {
		if payload, err := signed.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, fmt.Errorf("no key %s is known", kid)
}
