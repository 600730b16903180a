// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// The kubelet's own request, which the API server extends to a year
// (--service-account-extend-token-expiration), and the shortest that there is.
const kubeletSeconds, shortestSeconds = 3607, 600

// A token is not shown in its last second: the answer could come too late.
const margin = time.Second

type pod struct {
	metadata
	rounds int64

	config   *config
	kubelet  *kubelet
	parties  []*party
	sums     *sums
	hold     time.Duration // of the token for others
	seconds  int           // that the one for the API server is asked for
	replaced bool
	api, sts token
	drop     time.Time // of sts
}

// Of four pods two keep the kubelet's kind of token for the API server and one
// the shortest one, for as long as it is valid; the fourth takes a new one
// whenever it takes one for others, as a pod does that is replaced.  Of either
// two, one renews the token for others when 80 % of the time has passed, as
// kubelets do, and the other shows it to the end, as clients do that read their
// file once.
func newPod(ctx context.Context, n int, c *config, k *kubelet, parties []*party,
	s *sums) (*pod, error) {
	made, err := k.makePod(ctx, fmt.Sprintf("app-%d-", n))
	if err != nil {
		return nil, err
	}
	p := &pod{metadata: made, config: c, kubelet: k, parties: parties, sums: s,
		hold: time.Duration(c.Hold) * time.Second, seconds: kubeletSeconds}
	if n%4 >= 2 {
		p.seconds = shortestSeconds
	}
	p.replaced = n%4 == 3
	if n%2 == 1 {
		p.hold = p.hold * 4 / 5
	}
	if err := p.renew(ctx); err != nil {
		return nil, err
	}
	// the first renewals one after the other
	p.drop = time.Now().Add(p.hold * time.Duration(n+1) / time.Duration(c.Pods))
	return p, nil
}

func (p *pod) renew(ctx context.Context) error {
	var err error
	due := time.Now().After(p.drop)
	if due && p.replaced || time.Now().After(p.api.expires.Add(-margin)) {
		p.api, err = p.kubelet.newToken(ctx, p.metadata, "", p.seconds)
		if err != nil {
			return err
		}
	}
	if !due {
		return nil
	}
	p.sts, err = p.kubelet.newToken(ctx, p.metadata, p.config.Audience,
		shortestSeconds)
	if err != nil {
		return err
	}
	p.drop = time.Now().Add(p.hold)
	if end := p.sts.expires.Add(-margin); p.drop.After(end) {
		p.drop = end
	}
	return nil
}

// round shows the tokens to everybody.  A kubelet that gets no token leaves the
// pod the one that it has, until it has expired.
func (p *pod) round(ctx context.Context) {
	if err := p.renew(ctx); err != nil {
		p.sums.add("kubelet", err)
	}
	if time.Now().Before(p.api.expires.Add(-margin)) {
		p.sums.add("apiserver", p.kubelet.whoAmI(ctx, p.metadata, p.api.text))
	}
	for _, party := range p.parties {
		if time.Now().Before(p.sts.expires.Add(-margin)) {
			p.sums.add(party.name, party.verify(ctx, p.sts.text))
		}
	}
}

func (p *pod) run(ctx context.Context) {
	pause := time.Duration(p.config.Pause) * time.Millisecond
	for ctx.Err() == nil {
		p.round(ctx)
		atomic.AddInt64(&p.rounds, 1)
		time.Sleep(pause)
	}
}
