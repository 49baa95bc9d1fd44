package steps

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// receiveLarge receives size bytes of a stream piece by piece; want, unless
// nil, gives what they must be.
func (r *receiver) receiveLarge(size int64, want io.Reader) error {
	r.describe(int(size))
	if r.message {
		return mismatch("a datagram cannot hold %s", FormatSize(size))
	}
	in, out := r.t.buffer(streamChunk), []byte(nil)
	if want != nil {
		out = r.t.buffer(streamChunk)
	}
	got := int64(0)
	for got < size {
		r.wait = r.t.freshWait()
		n, err := r.once(in[:min(streamChunk, size-got)], r.action.flags.Bits)
		if err != nil {
			r.t.missing = fmt.Sprintf("%d of %d bytes have come", got, size)
			return err
		}
		if n == 0 {
			r.eof = true
			return mismatch("expected %d bytes, got %d and then the end of file", size, got)
		}
		if got == 0 {
			r.first = append([]byte(nil), in[:min(n, DataShown)]...)
		}
		if err := r.compare(want, in[:n], out, got); err != nil {
			return err
		}
		r.hash.Write(in[:n])
		got += int64(n)
	}
	r.count = int(got)
	return nil
}

// compare holds a piece of a stream against what it must be.
func (r *receiver) compare(want io.Reader, got, buf []byte, at int64) error {
	if want == nil {
		return nil
	}
	if _, err := io.ReadFull(want, buf[:len(got)]); err != nil {
		return err
	}
	if bytes.Equal(buf[:len(got)], got) {
		return nil
	}
	i := 0
	for buf[i] == got[i] {
		i++
	}
	show := func(b []byte) []byte { return append([]byte(nil), b[i:min(len(got), i+64)]...) }
	return &Mismatch{
		Msg: fmt.Sprintf("the data differs at byte %d", at+int64(i)), Want: show(buf), Got: show(got), Data: true,
	}
}

// large reports whether the step receives a stream that is not kept, and does so.
func (r *receiver) large() (bool, error) {
	a := r.action
	if r.message || a.flags.Bits != 0 {
		return false, nil
	}
	if a.match.Data.Given() && !a.max.Given() && !a.until.Given() && !a.toEOF.On && len(a.bufs.list) == 0 {
		want, n, large, err := a.match.Data.Large(r.t)
		if err != nil || !large {
			return large, err
		}
		r.hash = sha256.New()
		return true, r.receiveLarge(n, want)
	}
	if !a.size.Given() {
		return false, nil
	}
	n, err := a.size.Eval(r.t)
	if err != nil || n <= streamAbove || a.match.Searches() {
		return false, err
	}
	r.hash = sha256.New()
	return true, r.receiveLarge(int64(n), nil)
}

// checkLarge holds a stream that was not kept against what can be said of it.
func (r *receiver) checkLarge(t *Task) error {
	got := hex.EncodeToString(r.hash.Sum(nil))
	value := map[string]any{"size": r.count, "sha256": got}
	if err := t.setAs(0, value); err != nil {
		return err
	}
	m := &r.action.match
	if err := m.Size.expect(t, int64(r.count), "bytes"); err != nil {
		return err
	}
	return m.checkSum(t, got)
}
