//go:build race

package ci

// Race says whether the race detector watches the tests. What is tried many times
// to find rare differences takes about four times as long then.
const Race = true
