package jail

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// program32 is a program of the 386 that exits with 42.
func program32() []byte {
	const base, header = 0x08048000, 52 + 32
	code := []byte{0xb8, 1, 0, 0, 0, 0xbb, 42, 0, 0, 0, 0xcd, 0x80} // mov eax, 1; mov ebx, 42; int 0x80
	var b bytes.Buffer
	b.WriteString("\x7fELF\x01\x01\x01" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	binary.Write(&b, binary.LittleEndian, []uint16{2, 3})
	binary.Write(&b, binary.LittleEndian, []uint32{1, base + header, 52, 0, 0})
	binary.Write(&b, binary.LittleEndian, []uint16{52, 32, 1, 0, 0, 0})
	binary.Write(&b, binary.LittleEndian, []uint32{1, 0, base, base, uint32(header + len(code)), uint32(header + len(code)), 5, 0x1000})
	return append(b.Bytes(), code...)
}

// The numbers of system calls mean others in a 32-bit program, and the filter
// does not know them: such a program ends.
func TestForeignCalls(t *testing.T) {
	asBoth(t)
	dir := folder(t, nil)
	path := filepath.Join(dir, "program")
	if err := os.WriteFile(path, program32(), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	if cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 42 {
		ci.Lacks(t, "this kernel runs no 32-bit programs")
	}
	inJail(t, Config{Dir: dir, AnyExec: true}, "actors: {a: [{exec: ["+path+"], expect: {signal: SYS}}]}")
}
