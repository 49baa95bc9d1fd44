//go:build race

package runner_test

// raceEnabled says that the race detector makes everything slow.
const raceEnabled = true
