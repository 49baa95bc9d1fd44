package steps

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// streamAbove is the size above which a payload is not held in memory: it is
// sent, received and compared piece by piece.
const streamAbove = 1 << 20

// streamChunk is the size of such a piece.
const streamChunk = 256 << 10

// sized is a piece that can be large without holding its bytes.
type sized interface {
	// stream gives the bytes and their number.
	stream(t *Task) (io.Reader, int64, error)
}

// stream gives a piece's bytes as they are needed.
func stream(p piece, t *Task) (io.Reader, int64, error) {
	if s, ok := p.(sized); ok {
		return s.stream(t)
	}
	b, err := p.append(t, nil)
	return bytes.NewReader(b), int64(len(b)), err
}

// Large tells whether the payload is to be streamed, and gives it.
func (p *Payload) Large(t *Task) (io.Reader, int64, bool, error) {
	if _, ok := p.piece.(sized); !ok {
		return nil, 0, false, nil
	}
	if p.size != nil {
		if n, err := p.size(); err != nil || n <= streamAbove {
			return nil, n, false, err
		}
	}
	r, n, err := stream(p.piece, t)
	return r, n, n > streamAbove, err
}

func (p listPiece) stream(t *Task) (io.Reader, int64, error) {
	var readers []io.Reader
	total := int64(0)
	for _, q := range p {
		r, n, err := stream(q, t)
		if err != nil {
			return nil, 0, err
		}
		readers, total = append(readers, r), total+n
	}
	return io.MultiReader(readers...), total, nil
}

func (p *repeatPiece) stream(t *Task) (io.Reader, int64, error) {
	data, err := p.data.Bytes(t)
	if err != nil {
		return nil, 0, err
	}
	times, err := p.times.Eval(t)
	n := int64(len(data)) * int64(times)
	return io.LimitReader(newCycle(data), n), n, err
}

func (p *padPiece) stream(t *Task) (io.Reader, int64, error) {
	r, n, err := stream(p.data, t)
	if err != nil {
		return nil, 0, err
	}
	fill, missing, err := p.missing(t, n)
	return io.MultiReader(r, io.LimitReader(newCycle(fill), missing)), n + missing, err
}

// cycle gives the same bytes again and again.
type cycle struct {
	data []byte
	at   int
}

// newCycle repeats short data beforehand, so that reading copies much at once.
func newCycle(data []byte) *cycle {
	if len(data) > 0 && len(data) < streamChunk {
		data = bytes.Repeat(data, streamChunk/len(data)+1)
	}
	return &cycle{data: data}
}

func (c *cycle) Read(b []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.data[c.at:])
	c.at = (c.at + n) % len(c.data)
	return n, nil
}

// randomPiece is bytes that look random and are the same for the same seed:
// ChaCha8 of Go's math/rand/v2.
type randomPiece struct{ size, seed Size }

func (d *Decoder) randomPiece(n *source.Node) piece {
	p := new(randomPiece)
	d.payloadMapping(n, "random", p.params())
	return p
}

func (p *randomPiece) params() []*Param {
	return []*Param{
		{Key: "size", Value: &p.size, Required: true, Help: "how many bytes"},
		{Key: "seed", Value: &p.seed, Required: true, Help: "a number; the same gives the same bytes"},
	}
}

func (p *randomPiece) fixed() bool { return p.size.fixed() && p.seed.fixed() }

func (p *randomPiece) stream(t *Task) (io.Reader, int64, error) {
	size, err := p.size.Eval(t)
	if err != nil {
		return nil, 0, err
	}
	seed, err := p.seed.Eval(t)
	var key [32]byte
	copy(key[:], fmt.Sprintf("sockscript %d", seed))
	return io.LimitReader(rand.NewChaCha8(key), int64(size)), int64(size), err
}

func (p *randomPiece) append(t *Task, b []byte) ([]byte, error) { return appendStream(p, t, b) }

// filePiece is the content of a file. A relative path is one beside the
// scenario file.
type filePiece struct {
	path Text
}

func (d *Decoder) filePiece(n *source.Node) piece {
	p := new(filePiece)
	p.path.Decode(d, n)
	return p
}

func (p *filePiece) fixed() bool { return false }

func (p *filePiece) stream(t *Task) (io.Reader, int64, error) {
	path, err := p.path.Eval(t)
	if err != nil {
		return nil, 0, err
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(p.path.node.File.Name), path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, notOpened(path, err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory, not a file", path)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return &fileReader{f}, info.Size(), nil
}

// notOpened tells why a payload's file cannot be had. The errno is none of the
// step's call, so it is not handed on.
func notOpened(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no file %s", path)
	}
	return errors.New(err.Error())
}

// fileReader closes the file at its end.
type fileReader struct{ *os.File }

func (r *fileReader) Read(b []byte) (int, error) {
	n, err := r.File.Read(b)
	if err != nil {
		r.Close()
	}
	return n, err
}

func (p *filePiece) append(t *Task, b []byte) ([]byte, error) { return appendStream(p, t, b) }

// appendStream reads a piece into memory.
func appendStream(p sized, t *Task, b []byte) ([]byte, error) {
	r, n, err := p.stream(t)
	if err != nil {
		return b, err
	}
	if n > maxPayload {
		return b, fmt.Errorf("the payload is larger than %s", FormatSize(maxPayload))
	}
	rest, err := io.ReadAll(r)
	return append(b, rest...), err
}

// sendLarge sends a payload piece by piece.
func (a *sendAction) sendLarge(t *Task, h *Handle, r io.Reader, size int64) error {
	defer t.giveBack()
	sum := sha256.New()
	buf := t.buffer(streamChunk)
	var first Data
	sent := int64(0)
	for sent < size {
		n, err := io.ReadFull(r, buf[:min(streamChunk, size-sent)])
		if err != nil {
			return err
		}
		if sent == 0 {
			first = t.data(buf[:min(n, DataShown)])
			first.Len = int(size)
			t.Call(a.callName(h), Name(h.Name), first, int(size))
		}
		sum.Write(buf[:n])
		for piece := buf[:n]; len(piece) > 0; {
			k, err := a.oneCall(h, t.freshWait(), [][]byte{piece}, nil, nil)
			t.act(OpSend, h)
			t.Event.Offset = h.Sock.Desc().TX.Load()
			if err != nil {
				t.missing = fmt.Sprintf("%d of %d bytes are sent", sent, size)
				return err
			}
			piece, sent = piece[k:], sent+int64(k)
		}
	}
	t.Return(int(sent), shaShown(sum))
	if err := t.setAs(0, int(sent)); err != nil {
		return err
	}
	return a.size.expect(t, sent, "bytes sent")
}

func shaShown(h hash.Hash) Const { return Const("sha256:" + hex.EncodeToString(h.Sum(nil))) }

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

// checkSum holds the SHA-256 of what came against the expectation.
func (m *Match) checkSum(t *Task, got string) error {
	if !m.SHA256.Given() {
		return nil
	}
	want, err := m.SHA256.Eval(t)
	if err == nil && !strings.EqualFold(want, got) {
		err = mismatch("expected data with the SHA-256 %s, got %s", want, got)
	}
	return err
}
