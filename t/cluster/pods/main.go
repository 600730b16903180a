// SPDX-License-Identifier: MIT

// Pods' worth of clients.  Each holds a token for the API server and one for
// others, as projected into it by a kubelet, and shows them all the time: to the
// API server, and to relying parties that find the issuer's keys by themselves.
// Every answer is accounted for: a token that is valid and is refused is what
// must not be.
//
//	pods CONFIG.json
//
// A line on standard input gives the next phase its name; the sums of the phase
// that ends are printed, as one line of JSON.  The line "round" is answered
// when every pod has shown its tokens once more to everybody.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

type config struct {
	APIServer string // its URL, or that of what stands before several
	APICA     string // files in PEM
	AdminCert string
	AdminKey  string
	Issuers   []string
	Address   string // where the issuers' names lead to
	IssuerCA  string
	Audience  string
	Pods      int
	Pause     int // milliseconds between two rounds of a pod
	Hold      int // for how many seconds a pod shows a token for others
}

func readConfig(path string) (*config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &config{}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// waitRound waits until each pod has begun and ended a round from now on.
func waitRound(pods []*pod) {
	target := make([]int64, len(pods))
	for i, p := range pods {
		target[i] = atomic.LoadInt64(&p.rounds) + 2
	}
	for i, p := range pods {
		for atomic.LoadInt64(&p.rounds) < target[i] {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func run(path string) error {
	c, err := readConfig(path)
	if err != nil {
		return err
	}
	s := newSums("start")
	k, err := newKubelet(c, s)
	if err != nil {
		return err
	}
	parties, err := newParties(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	pods := make([]*pod, c.Pods)
	for i := range pods {
		pods[i], err = newPod(ctx, i, c, k, parties, s)
		if err != nil {
			return err
		}
	}
	for _, p := range pods {
		go p.run(ctx)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if lines.Text() == "round" {
			waitRound(pods)
			fmt.Println("round")
		} else {
			fmt.Println(s.next(lines.Text()))
		}
	}
	return lines.Err()
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pods CONFIG.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "pods:", err)
		os.Exit(1)
	}
}
