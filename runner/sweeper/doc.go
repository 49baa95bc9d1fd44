// Package sweeper removes the files of a run whose process has ended before it
// could do so itself: one that was killed by SIGKILL, for example. The kernel
// does not do this. So a small process waits for that end; it is a copy of this
// binary, as those are that run the programs of a scenario.
package sweeper
