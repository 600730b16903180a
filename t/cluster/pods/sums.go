// SPDX-License-Identifier: MIT

package main

import (
	"encoding/json"
	"sync"
	"time"
)

// What one party said to tokens that are valid.
type count struct {
	OK      int `json:"ok"`
	Refused int `json:"refused"`
	Failed  int `json:"failed"` // no answer about the token
}

type phase struct {
	Phase   string            `json:"phase"`
	Seconds float64           `json:"seconds"`
	Minted  map[string]int    `json:"minted"` // by kid
	Said    map[string]*count `json:"said"`   // by party
	Reasons map[string]int    `json:"reasons"`
}

type sums struct {
	mutex sync.Mutex
	now   phase
	since time.Time
}

func newPhase(name string) phase {
	return phase{
		Phase:   name,
		Minted:  map[string]int{},
		Said:    map[string]*count{},
		Reasons: map[string]int{},
	}
}

func newSums(name string) *sums {
	return &sums{now: newPhase(name), since: time.Now()}
}

// next ends the phase and returns its sums.
func (s *sums) next(name string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.now.Seconds = time.Since(s.since).Seconds()
	text, err := json.Marshal(s.now)
	if err != nil {
		panic(err) // of numbers and strings
	}
	s.now, s.since = newPhase(name), time.Now()
	return string(text)
}

func (s *sums) minted(kid string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.now.Minted[kid]++
}

// A refusal is an error that says so; any other error means that the token was
// not judged.
type refusal struct{ reason string }

func (r refusal) Error() string { return r.reason }

func (s *sums) add(party string, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.now.Said[party]
	if c == nil {
		c = &count{}
		s.now.Said[party] = c
	}
	if err == nil {
		c.OK++
		return
	}
	if _, refused := err.(refusal); refused {
		c.Refused++
	} else {
		c.Failed++
	}
	s.now.Reasons[party+": "+err.Error()]++
}
