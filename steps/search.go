package steps

import (
	"errors"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// A search looks in a stream for where a receive ends.
type search struct {
	// find looks through b, of which the first bytes were looked through in
	// vain. It returns where the receive ends, -1 where that is not there yet.
	find func(b []byte, looked int) (int, error)
	// tail is how many bytes must be kept of what was looked through; -1: all.
	tail int
}

// searchWindow is how much of a stream is held whose bytes nobody needs.
const searchWindow = 64 << 10

func (r *receiver) untilDelimiter() error {
	until, err := r.action.until.Blob(r.t)
	if err != nil {
		return err
	}
	delimiter, shown := until.Bytes, r.t.Data(until.Bytes)
	shown.Marks = until.Marks
	r.describe(event.Const("until"))
	r.t.Event.Args[1] = event.Until(shown)
	return r.peeking(&search{tail: r.tail(len(delimiter) - 1), find: func(b []byte, looked int) (int, error) {
		if i := payload.IndexFrom(b, delimiter, looked); i >= 0 {
			return i + len(delimiter), nil
		}
		return -1, nil
	}})
}

// untilMatch receives until what comes is as contains and matches say.
func (r *receiver) untilMatch() error {
	m := &r.action.match
	r.describe(event.Const("match"))
	looking, err := m.Search(r.t)
	if err != nil {
		return err
	}
	s := &search{tail: -1, find: func(b []byte, looked int) (int, error) { return looking.Find(r.t, b, looked) }}
	if !m.Matches.Given() {
		s.tail = r.tail(looking.Tail())
	}
	err = r.peeking(s)
	r.found = err == nil && !r.eof
	return err
}

// tail is how many of the last bytes a search holds: all of them where somebody
// needs them afterwards.
func (r *receiver) tail(n int) int {
	a := r.action
	m := &a.match
	if r.t.Step.As.Given() || m.Data.Given() || m.Matches.Given() || m.Layout.Given() || m.SHA256.Given() || r.t.Actor.Run.Full ||
		a.until.Given() && m.Contains.Given() {
		return -1
	}
	return max(n, 0)
}

// peeking receives up to where the search ends, and not a byte more: what has
// come is looked at with MSG_PEEK first and then taken only as far as it
// belongs to this step.
func (r *receiver) peeking(s *search) error {
	if r.takesUnseen() {
		return errors.New("with MSG_TRUNC the bytes are not seen, so nothing can be found in them; use max or size")
	}
	r.searched = true
	buf := r.t.Buffer(step.SmallBuffer)
	for got := 0; ; {
		if got == len(buf) {
			var err error
			if buf, got, err = s.makeSpace(buf, got); err != nil {
				return err
			}
		}
		n, err := r.look(buf[got:])
		if err != nil || n == 0 {
			r.eof = err == nil
			return err
		}
		at, late := s.find(buf[:got+n], got)
		take := n
		if at >= 0 {
			take = at - got
		}
		if _, err := r.once(buf[got:got+take], r.action.flags.Bits); take > 0 && err != nil {
			return err
		}
		r.took(s, buf, got, take)
		if got += take; at >= 0 || late != nil {
			return late
		}
		if err := r.t.Overdue(); err != nil {
			return err // bytes that keep coming are not what was looked for
		}
	}
}

// took notes n bytes of buf that were taken.
func (r *receiver) took(s *search, buf []byte, at, n int) {
	r.count += n
	if s.tail < 0 {
		r.data = buf[:at+n]
		return
	}
	r.data = append(r.data, buf[at:at+min(n, payload.LongShown-len(r.data))]...)
}

// makeSpace makes space in a full buffer. The buffer grows, or loses the bytes
// that nobody needs any more.
func (s *search) makeSpace(buf []byte, got int) ([]byte, int, error) {
	switch {
	case s.tail >= 0 && got >= searchWindow && s.tail < got/2:
		return buf, copy(buf, buf[got-s.tail:got]), nil
	case int64(got) >= value.MaxKept.Most:
		return nil, 0, value.Mismatchf("more than %s have come, and what is looked for is not among them", &value.MaxKept)
	}
	return append(buf, make([]byte, got)...), got, nil
}
