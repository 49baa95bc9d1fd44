package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner/report"
)

func TestInterruptibleReads(t *testing.T) {
	r := &interruptible{ctx: context.Background(), r: strings.NewReader("hello")}
	if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestInterruptibleWakes(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	silent, end := io.Pipe()
	defer end.Close()
	read := make(chan error)
	go func() {
		_, err := io.ReadAll(&interruptible{ctx: ctx, r: silent})
		read <- err
	}()
	cancel()
	if err := <-read; !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestChoice(t *testing.T) {
	v := choice{words: []string{"causal", "time"}, word: "causal"}
	if err := v.Set("time"); err != nil || v.String() != "time" {
		t.Errorf("%v, %s", err, v.String())
	}
	if err := v.Set("tiem"); err == nil || !strings.Contains(err.Error(), `did you mean "time"?`) {
		t.Errorf("the error is %v", err)
	}
	if v.Type() != "causal|time" {
		t.Errorf("the type is %s", v.Type())
	}
}

func TestFirstSentence(t *testing.T) {
	tests := map[string]string{
		"One thing. Another.":       "One thing.",
		"A line\nthat goes on. And": "A line that goes on.",
		"See RFC 9293":              "See RFC 9293",
		"":                          "",
	}
	for text, want := range tests {
		if got := firstSentence(text); got != want {
			t.Errorf("of %q: %q; want %q", text, got, want)
		}
	}
}

func TestPrune(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "old.golden", "ok  old\n")
	sum := &report.Summary{Orphans: []string{"old.golden", "gone.golden", "never.golden"}}
	err := prune(sum)
	if err == nil || !strings.HasPrefix(err.Error(), "cannot remove the golden file: remove gone.golden: ") {
		t.Errorf("the error is %v", err)
	}
	if !slices.Equal(sum.Removed, []string{"old.golden"}) || !slices.Equal(sum.Orphans, []string{"gone.golden", "never.golden"}) {
		t.Errorf("removed %q, left %q", sum.Removed, sum.Orphans)
	}
}
