package runner_test

import (
	"slices"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
)

// What the order and the masks need of rounds is kept where rounds with folds
// of their own are folded.
func TestFoldOfFolds(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	r := passes(t, tcp(`
- repeat: 5
  steps:
    - repeat: 4
      steps:
        - send: conn
          data: "${client.sock.port}\n"
        - barrier: both
`, `
- repeat: 5
  steps:
    - repeat: 4
      steps:
        - recv: sock
          until: "\n"
        - barrier: both
`), runner.Options{})
	// Four meetings a round; of the last that was folded, the third is the last
	// one in an inner fold.
	const inner = 3*4 + 2
	folds := 0
	for _, b := range r.Record.Branches {
		next, length := 0, int64(0)
		for i, en := range b.Entries {
			f := en.Fold
			if f == nil {
				next = en.Event.Seq + 1
				if length == 0 {
					length = en.Event.Offset
				}
				continue
			}
			if f.First != next {
				t.Errorf("%s: a fold begins with event %d, want %d", b.Name(), f.First, next)
			}
			if next = f.Last + 1; b.Entries[i+1].First() != next {
				t.Errorf("%s: event %d comes behind a fold that ends with %d", b.Name(), b.Entries[i+1].First(), f.Last)
			}
			wantOffsets(t, f, b.Entries[i+1].Event, length)
			if f.Rounds == 3 { // of the outer loop
				folds++
				if n := len(f.Marked); n != 0 && n != 3*4 {
					t.Errorf("%s: a fold has %d masks, want one for each send", b.Name(), n)
				}
				if !slices.Contains(f.After, event.Cause{Branch: -1 - inner}) {
					t.Errorf("%s: a fold comes after %v, want meeting %d among them", b.Name(), f.After, inner)
				}
			}
		}
	}
	if folds != 2 {
		t.Errorf("%d folds of folds, want 2", folds)
	}
}

// wantOffsets compares how far a fold had come with the event behind it, which
// moves length bytes.
func wantOffsets(t *testing.T, f *record.Fold, next *event.Event, length int64) {
	t.Helper()
	switch next.Op {
	case event.OpSend:
		at := next.Offset - length
		if f.Sent[next.Sock] != at {
			t.Errorf("a fold has sent %d bytes, want %d", f.Sent[next.Sock], at)
		}
		first := at - length*int64(len(f.Marked))
		for i, m := range f.Marked {
			if from := first + length*int64(i); m.From != from || m.To != from+length {
				t.Errorf("a fold has bytes with masks from %d to %d, want %d to %d", m.From, m.To, from, from+length)
			}
		}
	case event.OpRecv:
		if at := next.Offset - length; f.Received[next.Sock] != at {
			t.Errorf("a fold has received %d bytes, want %d", f.Received[next.Sock], at)
		}
	}
}
