package main

import (
	"os/exec"
	"slices"
	"testing"
	"time"
)

// BenchmarkSandbox is how much longer the command takes in a sandbox: pairs of
// runs, one without and one with it, of which the least and the middle are
// reported.
func BenchmarkSandbox(b *testing.B) {
	needsSandbox(b)
	took := func(flags ...string) time.Duration {
		cmd := exec.Command("/proc/self/exe")
		cmd.Args = append([]string{"sockscript", "run", "-q", "tcp-hello"}, flags...)
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		return time.Since(start)
	}
	var open, confined []time.Duration
	for b.Loop() {
		open = append(open, took())
		confined = append(confined, took("--sandbox"))
	}
	more := func(of func([]time.Duration) time.Duration) float64 {
		return (of(confined) - of(open)).Seconds() * 1e3
	}
	middle := func(list []time.Duration) time.Duration { return slices.Sorted(slices.Values(list))[len(list)/2] }
	b.ReportMetric(more(slices.Min), "ms-more-at-least")
	b.ReportMetric(more(middle), "ms-more")
	b.ReportMetric(float64(middle(confined))/float64(middle(open)), "times")
}
