package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// shuffle is the flag --shuffle: a seed.
type shuffle struct {
	on   bool
	seed uint64
}

// Set implements [pflag.Value]. A seed of our own is short: a person may have
// to type it again.
func (s *shuffle) Set(text string) error {
	if text == "random" {
		s.on, s.seed = true, uint64(rand.Uint32())
		return nil
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number, nor random", text)
	}
	s.on, s.seed = true, seed
	return nil
}

// String implements [pflag.Value].
func (s *shuffle) String() string {
	if !s.on {
		return ""
	}
	return strconv.FormatUint(s.seed, 10)
}

// Type implements [pflag.Value]; help shows it.
func (s *shuffle) Type() string { return "seed" }
