package steps

import (
	"errors"
	"fmt"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/value"
)

// layoutBounds reports whether the layout says how much of a stream is
// received: nothing else does.
func (a *recvAction) layoutBounds() bool {
	bounded := a.size.Given() || a.max.Given() || a.until.Given() || a.toEOF.On || len(a.bufs.List) > 0 ||
		a.match.Data.Given() || a.match.Searches()
	return a.match.Layout.Given() && !bounded && !a.peeks()
}

// throughLayout receives the bytes that the layout takes, and not a byte more.
// A field that is not what it must be ends it.
func (r *receiver) throughLayout() error {
	if r.takesUnseen() {
		return errors.New("with MSG_TRUNC the bytes are not seen, so no layout takes them apart; use max or size")
	}
	r.describe(event.Const("layout"))
	r.laidOut = true
	_, err := r.action.match.Layout.Take(r.t, &layoutStream{r}, func(b []byte, at int) any {
		return r.t.Piece(string(b), at)
	})
	if m := (*value.Mismatch)(nil); errors.As(err, &m) {
		r.unmet, err = err, nil
	}
	return err
}

// layoutStream receives the bytes of a layout as its fields need them.
type layoutStream struct{ r *receiver }

// Next implements [payload.LayoutSource].
func (s *layoutStream) Next(n int, what func() string) ([]byte, error) {
	r := s.r
	start := len(r.data)
	if err := value.MaxKept.Check(int64(start + n)); err != nil {
		return nil, value.Mismatchf("%s: %s", what(), err)
	}
	for end := start + n; len(r.data) < end && !r.eof; {
		buf := r.t.Buffer(min(end-len(r.data), payload.StreamChunk))
		got, err := r.once(buf, r.action.flags.Bits)
		if err != nil {
			r.t.Missing = fmt.Sprintf("%s; %d have come", what(), len(r.data)-start)
			return nil, err
		}
		r.data = append(r.data, buf[:got]...)
		r.count, r.eof = len(r.data), got == 0
	}
	return r.data[start:], nil
}

// Left implements [payload.LayoutSource].
func (s *layoutStream) Left() ([]byte, error) {
	return nil, errors.New("the field rest takes all that comes, but this receive has no end; give it size, max, until or eof")
}

// Ended implements [payload.LayoutSource].
func (s *layoutStream) Ended() string { return "the end of file comes" }

// checkRest reports a field that would take all that a stream ever has.
func (a *recvAction) checkRest(c *check.Check, sym *check.Symbol) {
	rest := a.match.Layout.Rest()
	if rest == nil || !a.layoutBounds() || sym == nil || sym.Sock == nil || !sym.Sock.Stream() {
		return
	}
	c.Problem(rest, "rest takes all that comes, but this receive has no end").Hint = "give it size, max, until or eof"
}
