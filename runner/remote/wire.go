package remote

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/sockscript/sockscript/runner/history/codec"
)

// A wire carries messages. Each is a line, which has the length of the body and
// the head as JSON, and then the body: bytes that nothing looks into.
type wire struct {
	r *bufio.Reader
	w io.Writer
}

func newWire(conn io.ReadWriter) wire { return wire{bufio.NewReader(conn), conn} }

// write writes a message. Only one goroutine may do so at a time.
func (w wire) write(head any, body []byte) error {
	data, err := heads().Encode(head)
	if err != nil {
		return err
	}
	line := fmt.Appendf(nil, "%d %s\n", len(body), data)
	_, err = w.w.Write(append(line, body...))
	return err
}

var errMessage = errors.New("it is not a message")

// mostBytes is how long a head, or a body, may be.
const mostBytes = 1 << 30

// read reads a message: the head into a value, and the body. It may come from
// anybody, and takes no more memory than was sent.
func (w wire) read(head any) ([]byte, error) {
	line, err := w.line(mostBytes)
	if err != nil {
		return nil, err
	}
	length, data, _ := bytes.Cut(line, []byte(" "))
	n, err := strconv.ParseInt(string(length), 10, 64)
	if err != nil || n < 0 || n > mostBytes {
		return nil, errMessage
	}
	if err := heads().Decode(data, head); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	_, err = io.CopyN(&body, w.r, n)
	return body.Bytes(), err
}

// line reads a line that is not longer than most bytes.
func (w wire) line(most int) ([]byte, error) {
	var line []byte
	for {
		part, err := w.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > most:
			return nil, errMessage
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		}
	}
}

// heads knows the values that variables may have: those of YAML, and the simple
// ones of Go that a test may set.
var heads = sync.OnceValue(func() *codec.Codec {
	c := codec.New(map[string]any{
		"bool": false, "string": "", "float": 0.0, "float32": float32(0), "list": []any(nil), "map": map[string]any(nil),
		"int": 0, "int8": int8(0), "int16": int16(0), "int32": int32(0), "int64": int64(0),
		"uint": uint(0), "uint8": uint8(0), "uint16": uint16(0), "uint32": uint32(0), "uint64": uint64(0),
		"bytes": []byte(nil), "bools": []bool(nil), "strings": []string(nil), "ints": []int(nil), "floats": []float64(nil),
	})
	c = codec.With(c, func(f float64) (string, error) { return strconv.FormatFloat(f, 'g', -1, 64), nil },
		func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	c = codec.With(c, func(f float32) (string, error) { return strconv.FormatFloat(float64(f), 'g', -1, 32), nil },
		func(s string) (float32, error) {
			f, err := strconv.ParseFloat(s, 32)
			return float32(f), err
		})
	return codec.With(c, func(m map[string]any) ([]variable, error) { return variables(m), nil },
		func(list []variable) (map[string]any, error) { return mapping(list), nil })
})
