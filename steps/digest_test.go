package steps

import (
	"io"
	"strings"
	"testing"
)

// Bytes that can be made again are hashed only when somebody reads the digest,
// and then once; those that cannot are hashed as they go.
func TestDigestWhenItIsRead(t *testing.T) {
	const sum = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	opened := 0
	open := func() io.Reader { opened++; return strings.NewReader("abc") }

	again := content{size: 3, open: open}
	made, hashed := again.digest()
	if hashed != io.Discard || opened != 0 {
		t.Errorf("bytes that can be made again are hashed into a %T, after %d openings", hashed, opened)
	}
	for range 2 {
		if got := made.String(); got != sum || opened != 1 {
			t.Errorf("%s after %d openings; want %s after one", got, opened, sum)
		}
	}

	once := content{size: 3, open: open, once: true}
	noted, hashed := once.digest()
	io.WriteString(hashed, "abc")
	if got := noted.String(); got != sum || opened != 1 {
		t.Errorf("%s after %d openings; want %s and no further opening", got, opened, sum)
	}
	if !noted.alike(made) {
		t.Error("digests of the same bytes are not alike")
	}
}
