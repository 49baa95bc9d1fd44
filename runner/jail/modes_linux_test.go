//go:build amd64 || 386 || arm64

package jail

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// In a folder that may be written nobody puts a file that runs as another user,
// which root's jail could else give to the host: neither at once nor later.
func TestModesOfFiles(t *testing.T) {
	asBoth(t)
	dir := folder(t, map[string]string{"own": "hello"})
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	const text = `
actors:
  a:
    - {exec: [touch, "%[1]s/new"]}
    - {exec: [chmod, "755", "%[1]s/new"]}
    - {exec: [chmod, u+s, "%[1]s/new"], expect: {exit: %[2]d}}
    - {exec: [chmod, g+s, "%[1]s/new"], expect: {exit: %[2]d}}
    - {exec: [install, -m, "4755", "%[1]s/new", "%[1]s/newer"], expect: {exit: %[2]d}}
    - {exec: [ls, "%[1]s"]}
`
	c := Config{Dir: dir, Write: []string{out}, AnyExec: true}
	inJail(t, c, fmt.Sprintf(text, out, 1))
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode()&(os.ModeSetuid|os.ModeSetgid) != 0 {
			t.Errorf("%s is %v, %v", e.Name(), info.Mode(), err)
		}
		os.Remove(filepath.Join(out, e.Name()))
	}
	without = seccomp
	defer func() { without = "" }()
	inJail(t, c, fmt.Sprintf(text, out, 0))
}
