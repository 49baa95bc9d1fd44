//go:build race

package runner_test

// raceEnabled tells that the race detector makes everything slow.
const raceEnabled = true
