package payload

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// Bytes that can be made again are hashed only when somebody reads the digest,
// and then once; those that cannot be hashed as they go.
func TestDigestWhenItIsRead(t *testing.T) {
	t.Parallel()
	const sum = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	opened := 0
	open := func() io.Reader { opened++; return strings.NewReader("abc") }

	again := Content{Size: 3, Open: open}
	made, hashed := again.Digest()
	if hashed != io.Discard || opened != 0 {
		t.Errorf("bytes that can be made again are hashed into a %T, after %d openings", hashed, opened)
	}
	for range 2 {
		if got := made.String(); got != sum || opened != 1 {
			t.Errorf("%s after %d openings; want %s after one", got, opened, sum)
		}
	}

	once := Content{Size: 3, Open: open, Once: true}
	noted, hashed := once.Digest()
	io.WriteString(hashed, "abc")
	if got := noted.String(); got != sum || opened != 1 {
		t.Errorf("%s after %d openings; want %s and no further opening", got, opened, sum)
	}
	if !noted.Alike(made) {
		t.Error("digests of the same bytes are not alike")
	}
}

// A cycle gives whole pieces from wherever it is, and no more than its
// size.
func TestCycle(t *testing.T) {
	t.Parallel()
	for _, period := range []int{1, 3, 1000, StreamChunk - 1, StreamChunk, StreamChunk + 5} {
		data := make([]byte, period)
		for i := range data {
			data[i] = byte(i*7 + i/251)
		}
		const size = 3*StreamChunk + 17
		want := bytes.Repeat(data, size/period+1)[:size]
		pieces, read := newCycle(data, size), newCycle(data, size)
		var got []byte
		buf := make([]byte, StreamChunk)
		for len(got) < size {
			piece, err := NextPiece(pieces, buf[:min(StreamChunk, size-len(got))])
			if err != nil || len(piece) == 0 {
				t.Fatalf("period %d: %d bytes and %v after %d", period, len(piece), err, len(got))
			}
			if period < StreamChunk && len(got)+len(piece) < size && len(piece) < StreamChunk {
				t.Fatalf("period %d: a piece has %d bytes only", period, len(piece))
			}
			got = append(got, piece...)
		}
		if all, err := io.ReadAll(read); err != nil || !bytes.Equal(got, want) || !bytes.Equal(all, want) {
			t.Errorf("period %d: the bytes are not the data again and again: %v", period, err)
		}
		if piece, err := NextPiece(pieces, buf); err == nil {
			t.Errorf("period %d: %d bytes after the end", period, len(piece))
		}
	}
}
