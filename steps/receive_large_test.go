package steps_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"github.com/sockscript/sockscript/steps/tests/parsetest"
	"github.com/sockscript/sockscript/steps/value"
)

// allocated is how many bytes a function allocates, released ones too.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A stream that nobody wants to have takes no memory, however it ends.
func TestRecvEOFOfAnySize(t *testing.T) {
	const most = 8 << 20
	sum := fmt.Sprintf("%x", sha256.Sum256(make([]byte, 64<<20)))
	for _, expect := range []string{
		"{size: 64MiB}", "{eof: true}", "{data: {zeros: 64MiB}, sha256: " + sum + "}",
	} {
		text := conversation("- send: out\n  data: {zeros: 64MiB}\n  timeout: 60s\n- close: out",
			"- recv: in\n  eof: true\n  timeout: 60s\n  expect: "+expect)
		got := allocated(func() {
			parsetest.WantLines(t, receiverDid(t, passes(t, text), 1), `recv(in, to end of file) = 67108864 hex:`+
				strings.Repeat("00", 64)+"... (67108864 bytes) (end of file)")
		})
		if got > most {
			t.Errorf("expect: %s: %d bytes were allocated, more than %d", expect, got, most)
		}
	}
}

// A stream up to the end of file is compared as it comes with a large text that
// is expected.
func TestRecvEOFLargeText(t *testing.T) {
	t.Parallel()
	const want = "expect: {data: {repeat: {data: 0123456789abcdef, times: 131072}}}"
	tests := []struct{ sent, message string }{
		{"{repeat: {data: 0123456789abcdef, times: 131071}}", "expected 2097152 bytes, got 2097136 and then the end of file"},
		{"[{repeat: {data: 0123456789abcdef, times: 131072}}, x]", "expected 2097152 bytes, and more have come"},
		{"[{repeat: {data: 0123456789abcdef, times: 131071}}, 0123456789abcdeF]", "the data differs at byte 2097151"},
		{"0123", "expected 2097152 bytes, got 4 and then the end of file"},
		{"''", "expected data, got the end of file"},
	}
	for _, tt := range tests {
		f, _ := fails(t, conversation("- send: out\n  data: "+tt.sent+"\n- close: out", "- recv: in\n  eof: true\n  "+want))
		wantText(t, f.Err.Error(), tt.message)
	}
}

// lessKept lets receives keep less where this is not continuous integration,
// and returns how many MiB that is. To receive all that may be kept takes long.
func lessKept(t *testing.T) int {
	t.Helper()
	was := value.MaxKept.Most
	t.Cleanup(func() { value.MaxKept.Most = was })
	value.MaxKept.Most = min(was, int64(ci.Rounds(4<<20, 64<<20)))
	return int(value.MaxKept.Most >> 20)
}

// What is kept of a stream up to the end of file is bounded.
func TestRecvEOFKeepsSoMuch(t *testing.T) {
	most := lessKept(t)
	const sender = "- send: out\n  data: {zeros: %dMiB}\n  timeout: 60s\n  expect: {error: [0, ECONNRESET, EPIPE]}\n- close: out"
	for _, what := range []string{"as: all", "expect: {contains: x}"} {
		f, _ := fails(t, conversation(fmt.Sprintf(sender, most+1), "- recv: in\n  eof: true\n  timeout: 60s\n  "+what))
		if want := fmt.Sprintf("more than %dMiB have come without an end of file", most); !strings.Contains(f.Err.Error(), want) {
			t.Errorf("%s: %s; want %q", what, f.Err, want)
		}
	}
	passes(t, conversation(fmt.Sprintf(sender, most), fmt.Sprintf("- recv: in\n  eof: true\n  as: all\n  timeout: 60s\n- assert: len(all) == %d", most<<20)))
}

// The digests of what is sent and received are those of the bytes, whether
// these are made a second time for it or are hashed on the way.
func TestDigestsOfLargePayloads(t *testing.T) {
	t.Parallel()
	const size = 2 << 20
	data := strings.Repeat("0123456789abcdef", size/16)
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ payload, bytes string }{
		{"{repeat: {data: 0123456789abcdef, times: 131072}}", data},
		{"{repeat: {data: 0123456789abcdef, times: '${n}'}}", data},
		{"{file: " + path + "}", data},
		{"{zeros: 2MiB}", strings.Repeat("\x00", size)},
		{"{pad: {data: abc, to: 2MiB, with: x}}", "abc" + strings.Repeat("x", size-3)},
		{"[{zeros: 2MiB}, abc, {file: " + path + "}]", strings.Repeat("\x00", size) + "abc" + data},
	}
	for _, tt := range tests {
		want := fmt.Sprintf(" sha256:%x", sha256.Sum256([]byte(tt.bytes)))
		for _, receive := range []string{"expect: {data: " + tt.payload + "}", "size: ${size}"} {
			lines := passes(t, fmt.Sprintf("vars: {n: 131072, size: %d}\n", len(tt.bytes))+
				conversation("- send: out\n  data: "+tt.payload+"\n- close: out", "- recv: in\n  "+receive))
			for _, call := range []string{"sender send(", "receiver recv("} {
				i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, call) })
				if !strings.HasSuffix(lines[i], want) {
					t.Errorf("%s: %s; want %s", tt.payload, lines[i], want)
				}
			}
		}
	}
}
