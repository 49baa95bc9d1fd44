package steps

import (
	"bytes"
	"errors"
	"fmt"
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
	stream(env Env) (io.Reader, int64, error)
}

// stream gives a piece's bytes as they are needed.
func stream(p piece, env Env) (io.Reader, int64, error) {
	if s, ok := p.(sized); ok {
		return s.stream(env)
	}
	b, err := p.append(env, nil)
	return bytes.NewReader(b), int64(len(b)), err
}

// Large tells whether the payload is to be streamed, and gives it.
func (p *Payload) Large(env Env) (io.Reader, int64, bool, error) {
	if _, ok := p.piece.(sized); !ok {
		return nil, 0, false, nil
	}
	if p.size != nil {
		if n, err := p.size(); err != nil || n <= streamAbove {
			return nil, n, false, err
		}
	}
	r, n, err := stream(p.piece, env)
	return r, n, n > streamAbove, err
}

func (p listPiece) stream(env Env) (io.Reader, int64, error) {
	var readers []io.Reader
	total := int64(0)
	for _, q := range p {
		r, n, err := stream(q, env)
		if err != nil {
			return nil, 0, err
		}
		readers, total = append(readers, r), total+n
	}
	return io.MultiReader(readers...), total, nil
}

func (p *repeatPiece) stream(env Env) (io.Reader, int64, error) {
	data, err := p.data.Bytes(env)
	if err != nil {
		return nil, 0, err
	}
	times, err := p.times.Eval(env)
	n := int64(len(data)) * int64(times)
	return io.LimitReader(newCycle(data), n), n, err
}

func (p *padPiece) stream(env Env) (io.Reader, int64, error) {
	r, n, err := stream(p.data, env)
	if err != nil {
		return nil, 0, err
	}
	fill, missing, err := p.missing(env, n)
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

func (p *randomPiece) stream(env Env) (io.Reader, int64, error) {
	size, err := p.size.Eval(env)
	if err != nil {
		return nil, 0, err
	}
	seed, err := p.seed.Eval(env)
	var key [32]byte
	copy(key[:], fmt.Sprintf("sockscript %d", seed))
	return io.LimitReader(rand.NewChaCha8(key), int64(size)), int64(size), err
}

func (p *randomPiece) append(env Env, b []byte) ([]byte, error) { return appendStream(p, env, b) }

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

func (p *filePiece) stream(env Env) (io.Reader, int64, error) {
	path, err := p.path.Eval(env)
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

func (p *filePiece) append(env Env, b []byte) ([]byte, error) { return appendStream(p, env, b) }

// appendStream reads a piece into memory.
func appendStream(p sized, env Env, b []byte) ([]byte, error) {
	r, n, err := p.stream(env)
	if err != nil {
		return b, err
	}
	if n > maxPayload {
		return b, fmt.Errorf("the payload is larger than %s", FormatSize(maxPayload))
	}
	rest, err := io.ReadAll(r)
	return append(b, rest...), err
}

// checkSum holds the SHA-256 of what came against the expectation.
func (m *Match) checkSum(env Env, got string) error {
	if !m.SHA256.Given() {
		return nil
	}
	want, err := m.SHA256.Eval(env)
	if err == nil && !strings.EqualFold(want, got) {
		err = mismatch("expected data with the SHA-256 %s, got %s", want, got)
	}
	return err
}
