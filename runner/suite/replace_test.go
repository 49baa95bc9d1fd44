package suite

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// The file that is written has the mode of the one that it replaces, whatever
// the umask says; a new one has what the umask leaves.
func TestReplacementHasTheMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"open": 0o666, "closed": 0o600, "new": 0o640} {
		path := filepath.Join(dir, name)
		if name != "new" {
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Replace(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.WriteString("new"); err != nil {
			t.Fatal(err)
		}
		if err := r.Commit(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode || info.Size() != int64(len("new")) {
			t.Errorf("%s: %v, %d bytes", name, info.Mode(), info.Size())
		}
	}
}
