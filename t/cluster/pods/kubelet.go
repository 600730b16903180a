// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const namespace = "default"
const serviceAccount = "app"

// What the kubelet does for pods: it asks for their tokens.  Here also whoever
// makes the pods.
type kubelet struct {
	url    string
	admin  *http.Client // with the administrator's certificate
	nobody *http.Client // for requests with a token
	sums   *sums
}

// newClient makes one that opens a connection for each request, so that what
// balances the load gives every server its share.  Every name leads to address,
// if there is one.
func newClient(caFile, address string, own ...tls.Certificate) (*http.Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate", caFile)
	}
	dial := func(ctx context.Context, network, name string) (net.Conn, error) {
		var d net.Dialer
		if address != "" {
			name = address
		}
		return d.DialContext(ctx, network, name)
	}
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			DialContext:       dial,
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: own},
		},
	}, nil
}

func newKubelet(c *config, s *sums) (*kubelet, error) {
	own, err := tls.LoadX509KeyPair(c.AdminCert, c.AdminKey)
	if err != nil {
		return nil, err
	}
	admin, err := newClient(c.APICA, "", own)
	if err != nil {
		return nil, err
	}
	nobody, err := newClient(c.APICA, "")
	return &kubelet{c.APIServer, admin, nobody, s}, err
}

// post sends a JSON object and reads one.  The API server's 401 is a refusal.
func (k *kubelet) post(ctx context.Context, path, token string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, "POST", k.url+path,
		bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	client := k.admin
	if token != "" {
		client = k.nobody
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	switch {
	case response.StatusCode == http.StatusUnauthorized:
		return refusal{"401 Unauthorized"}
	case response.StatusCode != http.StatusCreated:
		return fmt.Errorf("%s %s", response.Status, answer)
	}
	return json.Unmarshal(answer, into)
}

type object = map[string]any

type metadata struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// makePod makes one that no node will run: its tokens are bound to it.
func (k *kubelet) makePod(ctx context.Context, name string) (metadata, error) {
	var made struct{ Metadata metadata }
	err := k.post(ctx, "/api/v1/namespaces/"+namespace+"/pods", "", object{
		"metadata": object{"generateName": name},
		"spec": object{
			"serviceAccountName": serviceAccount,
			"containers": []object{{
				"name": "app", "image": "registry.invalid/app",
			}},
		},
	}, &made)
	return made.Metadata, err
}

type token struct {
	text    string
	expires time.Time
}

// newToken asks for a token of the pod; without an audience it is for the API
// server.
func (k *kubelet) newToken(ctx context.Context, pod metadata, audience string,
	seconds int) (token, error) {
	spec := object{
		"expirationSeconds": seconds,
		"boundObjectRef": object{
			"apiVersion": "v1", "kind": "Pod",
			"name": pod.Name, "uid": pod.UID,
		},
	}
	if audience != "" {
		spec["audiences"] = []string{audience}
	}
	var made struct{ Status struct{ Token string } }
	err := k.post(ctx, "/api/v1/namespaces/"+namespace+"/serviceaccounts/"+
		serviceAccount+"/token", "", object{"spec": spec}, &made)
	if err != nil {
		return token{}, err
	}
	return k.read(made.Status.Token)
}

// read takes the kid and the end from the token itself: of one that it has
// extended to a year the API server names an earlier end beside it.
func (k *kubelet) read(text string) (token, error) {
	var header struct{ Kid string }
	var claims struct{ Exp int64 }
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return token{}, fmt.Errorf("not a token")
	}
	for i, into := range []any{&header, &claims} {
		part, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return token{}, err
		}
		if err := json.Unmarshal(part, into); err != nil {
			return token{}, err
		}
	}
	k.sums.minted(header.Kid)
	return token{text, time.Unix(claims.Exp, 0)}, nil
}

// whoAmI shows a token to the API server, which must know the pod by it.
func (k *kubelet) whoAmI(ctx context.Context, pod metadata, text string) error {
	var said struct {
		Status struct {
			UserInfo struct {
				Username string
				Extra    map[string][]string
			}
		}
	}
	err := k.post(ctx, "/apis/authentication.k8s.io/v1/selfsubjectreviews", text,
		object{}, &said)
	if err != nil {
		return err
	}
	user := said.Status.UserInfo
	names := user.Extra["authentication.kubernetes.io/pod-name"]
	if user.Username != "system:serviceaccount:"+namespace+":"+serviceAccount ||
		len(names) != 1 || names[0] != pod.Name {
		return fmt.Errorf("taken for %v", user)
	}
	return nil
}
