package report

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/history"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	tests := []struct {
		summary Summary
		want    string
	}{
		{Summary{Passed: 14, Failed: 1, Skipped: 2, Elapsed: 1234 * time.Millisecond}, "14 passed, 1 failed, 2 skipped in 1.2s"},
		{Summary{Passed: 1, Count: 1, Elapsed: 1500 * time.Microsecond}, "1 passed in 2ms"},
		{Summary{Failed: 3}, "3 failed in 1ms"},
		{Summary{Passed: 1200, Count: 100, Elapsed: 125 * time.Second}, "1,200 passed in 2m5s (100 runs of each)"},
		{Summary{Passed: 1, Interrupted: 1, NotRun: 3, Elapsed: time.Second}, "1 passed, 1 interrupted, 3 not run in 1.0s"},
		{Summary{Passed: 3, NoGolden: make([]NoGolden, 2), Unchanged: 3}, "3 passed, 2 without a golden file in 1ms"},
		{Summary{Passed: 4, Updating: true, Changed: 1, Created: 2, Unchanged: 1, Failed: 1}, "1 changed, 2 new, 1 unchanged, 1 failed in 1ms"},
		{Summary{Passed: 1, Count: 50, Stress: true}, "1 passed in 1ms (at most 50 runs of each)"},
		{Summary{}, "nothing run in 1ms"},
	}
	for _, tt := range tests {
		if got := tt.summary.String(); got != tt.want {
			t.Errorf("got %q; want %q", got, tt.want)
		}
	}
}

func TestSummaryAdd(t *testing.T) {
	t.Parallel()
	result := func(s history.Status) *history.Result { return &history.Result{Record: new(history.Record), Status: s} }
	outcomes := []*Outcome{
		{Result: result(history.Passed), Golden: GoldenSame},
		{Result: result(history.Passed), Golden: GoldenChanged},
		{Result: result(history.Passed), Golden: GoldenCreated},
		{Result: result(history.Passed), Golden: GoldenDiffers, Diff: &Diff{}},
		{Result: result(history.Passed), Err: errors.New("no")},
		{Result: result(history.Failed)},
		{Result: result(history.Skipped)},
		{Result: result(history.Cancelled)},
		{Result: result(history.Passed), Runs: 2, Wanted: 3},
		{Result: result(history.Failed), Runs: 2, Wanted: 3},
		{},
	}
	var got Summary
	for _, o := range outcomes {
		got.Add(o)
	}
	want := Summary{
		Passed: 3, Failed: 4, Skipped: 1, Interrupted: 2, NotRun: 1,
		Broken: 1, Differing: 1, Changed: 1, Created: 1, Unchanged: 1,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.Total() != len(outcomes) {
		t.Errorf("%d of %d outcomes are counted", got.Total(), len(outcomes))
	}
}

func TestPrecise(t *testing.T) {
	t.Parallel()
	tests := map[time.Duration]string{
		0:                             "0s",
		934_700 * time.Nanosecond:     "935µs",
		1_234_567 * time.Nanosecond:   "1.23ms",
		12_345 * time.Millisecond:     "12.3s",
		999_999_999 * time.Nanosecond: "1s",
	}
	for d, want := range tests {
		if got := precise(d); got != want {
			t.Errorf("precise(%d) = %s; want %s", d, got, want)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	p := &Progress{W: &b, Width: 30}
	for _, s := range []State{
		{Total: 1, Running: []string{"slow"}},
		{Done: 1, Total: 35, Running: []string{"tcp-echo", "udp"}},
		{Done: 1000, Total: 3500, Failed: 2, Running: []string{"a-very-long-name-of-a-scenario"}},
		{Total: 2, Running: []string{"\x1b"}},
	} {
		p.Show(s)
		p.draw(61*time.Second + time.Millisecond)
		b.WriteString("\n")
	}
	for range 2 {
		p.Above(func() { b.WriteString("above\n") })
	}
	want := "\r1m1s  slow\x1b[K\n" + "\r1 of 35 in 1m1s  tcp-echo, ud\x1b[K\n" +
		"\r1,000 of 3,500 in 1m1s, 2 fai\x1b[K\n" + "\r0 of 2 in 1m1s  \\x1b\x1b[K\n" + "\r\x1b[Kabove\nabove\n"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}

// drawings is a terminal. Each line that is drawn on it goes into the channel.
type drawings chan string

func (d drawings) Write(b []byte) (int, error) {
	select {
	case d <- string(b):
	default:
	}
	return len(b), nil
}

func TestProgressIsDrawnByItself(t *testing.T) {
	t.Parallel()
	lines := make(drawings, 1)
	p := &Progress{W: lines, Delay: time.Nanosecond, Every: time.Nanosecond}
	p.Begin()
	p.Show(State{Done: 1, Total: 3, Running: []string{"x"}})
	if got := <-lines; got != "\r1 of 3 in 0s  x\x1b[K" {
		t.Errorf("got %q", got)
	}
	p.End()
	p.End()
	var b strings.Builder
	for _, p := range []*Progress{{W: &b, Delay: time.Hour}, {}} {
		p.Begin()
		p.Show(State{Total: 2, Running: []string{"x"}})
		p.End()
	}
	if b.Len() > 0 {
		t.Errorf("a short run draws %q", b.String())
	}
}
