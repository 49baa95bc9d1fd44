package steps

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// receiveLarge receives the bytes of a stream piece by piece; unless want is
// nil, they must be these.
func (r *receiver) receiveLarge(size int64, want *payload.Content) error {
	r.describe(int(size))
	if r.message {
		return value.Mismatchf("a datagram cannot hold %s", value.FormatSize(size))
	}
	in := r.t.Buffer(payload.StreamChunk)
	hashed := r.against(want)
	for int64(r.count) < size {
		if !r.wait.NoWait {
			r.wait = r.t.FreshWait()
		}
		n, err := r.once(in[:min(payload.StreamChunk, size-int64(r.count))], r.action.flags.Bits)
		if err != nil {
			r.t.Missing = fmt.Sprintf("%d of %d bytes have come", r.count, size)
			return err
		}
		if n == 0 {
			r.eof = true
			return value.Mismatchf("expected %d bytes, got %d and then the end of file", size, r.count)
		}
		if r.count == 0 {
			r.first = append([]byte(nil), in[:min(n, r.t.Ahead())]...)
		}
		if err := r.compare(in[:n]); err != nil {
			return err
		}
		hashed.Write(in[:n])
		r.count += n
	}
	return nil
}

// against opens what the bytes that come must be, where that is known, and
// gives what must be given them to be hashed.
func (r *receiver) against(want *payload.Content) (hashed io.Writer) {
	if want == nil {
		want = &payload.Content{Once: true}
	} else {
		r.wanted, r.expected = want.Open(), r.t.Buffer(payload.StreamChunk)
	}
	r.sum, hashed = want.Digest()
	return hashed
}

// compare compares the next piece of a stream with what it must be.
func (r *receiver) compare(got []byte) error {
	if r.wanted == nil {
		return nil
	}
	want := r.expected[:len(got)]
	n, err := io.ReadFull(r.wanted, want)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if bytes.Equal(want[:n], got[:n]) {
			return value.Mismatchf("expected %d bytes, and more have come", r.count+n)
		}
	case err != nil:
		return err
	case bytes.Equal(want, got):
		return nil
	}
	i := 0
	for want[i] == got[i] {
		i++
	}
	show := func(b []byte) []byte { return append([]byte(nil), b[i:min(len(b), i+64)]...) }
	return &value.Mismatch{
		Msg: fmt.Sprintf("the data differs at byte %d", r.count+i), Want: show(want[:n]), Got: show(got), Data: true,
	}
}

// large reports whether the step receives a stream that is not kept, and does
// so.
func (r *receiver) large() (bool, error) {
	a := r.action
	if r.message || a.flags.Bits != 0 || a.toEOF.On {
		return false, nil
	}
	if a.match.Data.Given() && !a.match.Layout.Given() && !a.max.Given() && !a.until.Given() && len(a.bufs.List) == 0 {
		want, large, err := a.match.Data.Large(r.t)
		if err != nil || !large {
			return large, err
		}
		return true, r.receiveLarge(want.Size, &want)
	}
	if !a.size.Given() {
		return false, nil
	}
	n, err := a.size.Eval(r.t)
	if err != nil || n <= payload.StreamAbove || a.match.Reads() {
		return false, err
	}
	return true, r.receiveLarge(n, nil)
}

// toEOF receives everything up to the end of file. The bytes
// are kept only where a name or an expectation needs them, or the transcript
// shows them all.
func (r *receiver) toEOF() error {
	r.describe(event.Const("to end of file"))
	a, hashed := r.action, io.Discard
	switch want, large, err := a.match.Data.Large(r.t); {
	case err != nil:
		return err
	case large:
		hashed = r.against(&want)
	case a.match.SHA256.Given():
		hashed = r.against(nil)
	}
	most := r.t.Ahead()
	if r.needsBytes() || r.t.Actor.Run.Full {
		most = int(value.MaxKept.Most)
	}
	// An actor that waits holds no large buffer.
	for buf := r.t.Buffer(step.SmallBuffer); ; {
		n, err := r.once(buf, a.flags.Bits)
		if err != nil || n == 0 {
			r.eof = err == nil
			return err
		}
		if err := r.compare(buf[:n]); err != nil {
			return err
		}
		hashed.Write(buf[:n])
		r.count += n
		if r.count > most && r.needsBytes() {
			return value.Mismatchf("more than %s have come without an end of file; as, data, contains and matches cannot hold more: use size or sha256",
				&value.MaxKept)
		}
		r.data = append(r.data, r.seen(buf, min(n, most-len(r.data)))...)
		if err := r.t.Overdue(); err != nil {
			return err // bytes that keep coming are not the end
		}
		if n == len(buf) && n < payload.StreamChunk {
			buf = r.t.Buffer(payload.StreamChunk)
		}
	}
}

// needsBytes reports whether something is asked of the bytes themselves that
// cannot be known while they pass.
func (r *receiver) needsBytes() bool {
	a := r.action
	return a.match.Reads() || a.match.Data.Given() && r.wanted == nil ||
		r.t.Step.As.Given() && !r.t.Step.Expect.Error.Given()
}

// nothingLeft checks that the bytes up to the end of file, which were as they
// must be, were as many.
func (r *receiver) nothingLeft() error {
	if r.wanted == nil {
		return nil
	}
	rest, err := io.Copy(io.Discard, r.wanted)
	if rest > 0 {
		err = value.Mismatchf("expected %d bytes, got %d and then the end of file", int64(r.count)+rest, r.count)
	}
	return err
}

// checkLarge compares what a stream was that has not been kept with what is
// expected of it.
func (r *receiver) checkLarge(t *step.Task) error {
	m := &r.action.match
	if t.Step.As.Given() {
		if err := t.SetAs(0, map[string]any{"size": r.count, "sha256": r.sum.Hex()}); err != nil {
			return err
		}
	}
	if err := m.Size.Expect(t, int64(r.count), "bytes"); err != nil {
		return err
	}
	return m.CheckSum(t, &payload.Received{Sum: r.sum})
}
