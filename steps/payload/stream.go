package payload

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// StreamAbove is the size above which a payload is not held in memory: it is
// sent, received and compared piece by piece.
const StreamAbove = 1 << 20

// StreamChunk is the size of such a piece.
const StreamChunk = 256 << 10

// sized is a piece that can be large without holding its bytes.
type sized interface {
	content(env value.Env) (Content, error)
}

// A Content is the bytes of a payload that are made as they are needed.
type Content struct {
	Size int64
	Open func() io.Reader
	// Once says that they cannot be had a second time: a file may change.
	Once bool
	sum  *event.SHA256 // made when it is first asked for
}

// contentOf is the content of any piece.
func contentOf(p piece, env value.Env) (Content, error) {
	if s, ok := p.(sized); ok {
		return s.content(env)
	}
	b, err := p.Append(env, Blob{})
	return Content{Size: int64(len(b.Bytes)), Open: func() io.Reader { return bytes.NewReader(b.Bytes) }}, err
}

// Large reports whether the payload is to be streamed, and gives its content.
func (p *Payload) Large(env value.Env) (Content, bool, error) {
	if _, ok := p.Piece.(sized); !ok {
		return Content{}, false, nil
	}
	if p.whole != nil {
		c, err := p.whole()
		return c, c.Size > StreamAbove, err
	}
	c, err := contentOf(p.Piece, env)
	return c, c.Size > StreamAbove, err
}

func (p ListPiece) content(env value.Env) (Content, error) {
	var all Content
	var parts []Content
	for _, q := range p {
		c, err := contentOf(q, env)
		if err != nil {
			return Content{}, err
		}
		parts = append(parts, c)
		all.Size, all.Once = value.Sum(all.Size, c.Size), all.Once || c.Once
	}
	all.Open = func() io.Reader {
		readers := make([]io.Reader, len(parts))
		for i, c := range parts {
			readers[i] = c.Open()
		}
		return io.MultiReader(readers...)
	}
	return all, nil
}

func (p *repeatPiece) content(env value.Env) (Content, error) {
	data, err := p.data.Bytes(env)
	if err != nil {
		return Content{}, err
	}
	times, err := p.times.Eval(env)
	n := value.Product(int64(len(data)), int64(times))
	return Content{Size: n, Open: func() io.Reader { return newCycle(data, n) }}, err
}

func (p *padPiece) content(env value.Env) (Content, error) {
	c, err := contentOf(p.data, env)
	if err != nil {
		return Content{}, err
	}
	fill, missing, err := p.missing(env, c.Size)
	open := func() io.Reader {
		if c.Size == 0 {
			return newCycle(fill, missing)
		}
		return io.MultiReader(c.Open(), newCycle(fill, missing))
	}
	return Content{Size: c.Size + missing, Open: open, Once: c.Once}, err
}

// cycle returns the same bytes again and again, up to a number of bytes.
type cycle struct {
	data   []byte
	period int
	at     int // less than the period
	left   int64
}

// newCycle repeats short data beforehand, so that a whole piece can be had from
// wherever the cycle is.
func newCycle(data []byte, size int64) *cycle {
	c := &cycle{data: data, period: len(data), left: size}
	if c.period > 0 && c.period < StreamChunk {
		c.data = bytes.Repeat(data, StreamChunk/c.period+2)
	}
	return c
}

// next returns at most n of the next bytes, without a copy.
func (c *cycle) next(n int) []byte {
	n = int(min(int64(n), c.left, int64(len(c.data)-c.at)))
	b := c.data[c.at : c.at+n]
	if c.left -= int64(n); c.period > 0 {
		c.at = (c.at + n) % c.period
	}
	return b
}

// Read implements [io.Reader].
func (c *cycle) Read(b []byte) (int, error) {
	n := copy(b, c.next(len(b)))
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// NextPiece is the next bytes of a payload, as many as buf holds or fewer:
// where the payload has them at hand they are its own, else they are in buf.
func NextPiece(r io.Reader, buf []byte) ([]byte, error) {
	if c, ok := r.(*cycle); ok {
		if piece := c.next(len(buf)); len(piece) > 0 {
			return piece, nil
		}
	}
	n, err := io.ReadFull(r, buf)
	return buf[:n], err
}

// randomPiece is bytes that look random and are the same for the same seed:
// ChaCha8 of Go's math/rand/v2.
type randomPiece struct{ size, seed value.Size }

func readRandom(d *value.Decoder, n *source.Node) piece {
	p := new(randomPiece)
	readMapping(d, n, "random", p.params())
	return p
}

func (p *randomPiece) params() []*value.Param {
	return []*value.Param{
		{Key: "size", Value: &p.size, Required: true, Help: "how many bytes"},
		{Key: "seed", Value: &p.seed, Required: true, Help: "a number; the same seed makes the same bytes"},
	}
}

func (p *randomPiece) fixed() bool { return p.size.Fixed() && p.seed.Fixed() }

func (p *randomPiece) content(env value.Env) (Content, error) {
	size, err := p.size.Eval(env)
	if err != nil {
		return Content{}, err
	}
	seed, err := p.seed.Eval(env)
	var key [32]byte
	copy(key[:], fmt.Sprintf("sockscript %d", seed))
	open := func() io.Reader { return io.LimitReader(rand.NewChaCha8(key), size) }
	return Content{Size: size, Open: open}, err
}

func (p *randomPiece) Append(env value.Env, b Blob) (Blob, error) { return appendStream(p, env, b) }

// filePiece is the content of a file. A relative path is one beside the
// scenario file.
type filePiece struct {
	path value.Text
}

func readFile(d *value.Decoder, n *source.Node) piece {
	p := new(filePiece)
	p.path.Decode(d, n)
	if p.path.Given() {
		d.NeedPath(value.ReadFile, &p.path, value.FromFolder)
	}
	return p
}

func (p *filePiece) fixed() bool { return false }

func (p *filePiece) content(env value.Env) (Content, error) {
	path, err := p.path.Eval(env)
	if err != nil {
		return Content{}, err
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(p.path.Node.File.Name), path)
	}
	f, info, err := source.Open(path)
	if err != nil {
		return Content{}, notOpened(path, err)
	}
	return Content{Size: info.Size(), Open: func() io.Reader { return &fileReader{f} }, Once: true}, nil
}

// notOpened says why a payload's file cannot be had. The errno is none of the
// step's call, so it is not handed on.
func notOpened(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no file %s", path)
	}
	return errors.New(err.Error())
}

// fileReader closes the file at its end. As in notOpened an errno is not handed
// on.
type fileReader struct{ *os.File }

func (r *fileReader) Read(b []byte) (int, error) {
	n, err := r.File.Read(b)
	if err != nil {
		r.Close()
	}
	if err != nil && err != io.EOF {
		err = errors.New(err.Error())
	}
	return n, err
}

func (p *filePiece) Append(env value.Env, b Blob) (Blob, error) { return appendStream(p, env, b) }

// appendStream reads a piece into memory.
func appendStream(p sized, env value.Env, b Blob) (Blob, error) {
	c, err := p.content(env)
	if err != nil {
		return b, err
	}
	if err := value.MaxPayload.Check(value.Sum(int64(len(b.Bytes)), c.Size)); err != nil {
		return b, err
	}
	rest, err := io.ReadAll(c.Open())
	b.Bytes = append(b.Bytes, rest...)
	return b, err
}
