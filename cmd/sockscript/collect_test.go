package main

import (
	"runtime/debug"
	"testing"
)

// The collector waits longer than usual, unless the user says how long.
func TestCollectLess(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	for _, c := range []struct {
		env  string
		want int
	}{{"50", 100}, {"", 200}} {
		t.Setenv("GOGC", c.env)
		collectLess()
		if got := debug.SetGCPercent(100); got != c.want {
			t.Errorf("with GOGC=%q it is %d; want %d", c.env, got, c.want)
		}
	}
}
