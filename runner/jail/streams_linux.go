//go:build amd64 || 386 || arm64

package jail

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// ownStreams are the standard streams of this process.
var ownStreams = map[string]*os.File{"stdin": os.Stdin, "stdout": os.Stdout}

// stream is what the process in the jail has for a stream: the one of this
// process where the scenario uses it.
func (s *starting) stream(name string, null *os.File) *os.File {
	if slices.Contains(s.orders.Streams, name) {
		return ownStreams[name]
	}
	return null
}

// mayHand returns an error unless a stream is a pipe or a file. Others allow
// more than to read and write: a socket can be connected to another address, in
// the network that it was made in, a folder leads to files, and a terminal does
// what it reads.
func mayHand(name string) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(ownStreams[name].Fd()), &st); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	what := ""
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFIFO:
		return nil
	case unix.S_IFCHR:
		if holdsNothing(uint64(st.Rdev)) {
			return nil
		}
		if what = "a device"; isTerminal(ownStreams[name]) {
			what = "a terminal"
		}
	case unix.S_IFSOCK:
		what = "a socket"
	case unix.S_IFDIR:
		what = "a folder"
	default:
		what = "a device"
	}
	how := "put a pipe before it, as in: cat | sockscript run …"
	if name == "stdout" {
		how = "put a pipe behind it, as in: sockscript run … | cat"
	}
	return fmt.Errorf("the scenario uses %[1]s, and a sandbox is handed pipes and files only, but %[1]s is %s; %s", name, what, how)
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// holdsNothing reports /dev/null, zero, full, random and urandom (mem(4)).
func holdsNothing(device uint64) bool {
	return unix.Major(device) == 1 && slices.Contains([]uint32{3, 5, 7, 8, 9}, unix.Minor(device))
}
