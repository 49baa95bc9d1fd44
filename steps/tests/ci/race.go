//go:build race

package ci

// race says whether the race detector watches the tests.
const race = true
