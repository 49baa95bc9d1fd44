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
	var b strings.Builder
	p := &Progress{W: &b, Width: 24}
	p.Begin()
	p.Show(1, 35, 0, "tcp-echo")
	p.Show(1000, 3500, 2, "a-very-long-name-of-a-scenario")
	p.Clear()
	p.Clear()
	want := "\r1 of 35  tcp-echo\x1b[K" + "\r1,000 of 3,500, 2 faile\x1b[K" + "\r\x1b[K"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}

func TestProgressThatIsNotDue(t *testing.T) {
	var b strings.Builder
	for _, p := range []*Progress{{W: &b, Delay: time.Hour}, {}} {
		p.Begin()
		p.Show(1, 2, 0, "x")
		p.Clear()
	}
	p := &Progress{W: &b, Every: time.Hour}
	p.Show(1, 3, 0, "x")
	p.Show(2, 3, 0, "x")
	if b.String() != "\r1 of 3  x\x1b[K" {
		t.Errorf("got %q", b.String())
	}
}
