//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A folder that nobody else may look into is shown to its owner's scenarios,
// also where that is root, whose jail is another user's.
func TestPrivateFolder(t *testing.T) {
	asBoth(t)
	up := t.TempDir()
	dir, out := filepath.Join(up, "own"), filepath.Join(up, "out")
	for _, path := range []string{dir, out} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "data"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(up, 0o700); err != nil {
		t.Fatal(err)
	}
	inJail(t, Config{Dir: dir, Write: []string{out}}, `
actors:
  a:
    - {write: "`+out+`/new", data: {file: data}}
    - {write: "`+dir+`/new", data: x, expect: {error: EROFS}}
    - {write: "`+up+`/new", data: x, expect: {error: EROFS}}
`)
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(out, "new"), &st); err != nil || int(st.Uid) != os.Geteuid() || st.Size != 5 {
		t.Errorf("%v %+v", err, st)
	}
}

// Nothing leads out of the folder: neither a link, nor .., nor a descriptor.
func TestWaysOut(t *testing.T) {
	asBoth(t)
	up := t.TempDir()
	dir := filepath.Join(up, "own")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"secret": "secret", "own/data": "hello"} {
		if err := os.WriteFile(filepath.Join(up, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"relative": "../secret", "absolute": filepath.Join(up, "secret"), "root": "/proc/self/root" + up + "/secret", "magic": "/proc/self/cwd/../secret"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	secret, err := unix.Open(filepath.Join(up, "secret"), unix.O_RDONLY, 0) // inherited
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(secret)
	const high = 57
	if err := unix.Dup3(secret, high, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(high)
	text := "actors:\n  a:\n    - {open: data, flags: O_RDONLY, as: f}\n"
	for _, path := range []string{
		"relative", "absolute", "root", "magic", "../secret", up + "/secret", "../own/../secret", "/etc/passwd", "/proc/self/root/etc/passwd",
		"/proc/1/root/etc/passwd", "/proc/self/fd/57", "/proc/1/fd/57", "/proc/self/environ", "/proc/version", "/proc/1/mountinfo",
		"/proc/sys/kernel/core_pattern", "/dev/null", "/sys/kernel", "/proc/self/fd/0", "/processes/self/stat",
	} {
		text += "    - {open: " + path + ", flags: O_RDONLY, expect: {error: [ENOENT, EACCES]}}\n"
	}
	inJail(t, Config{Dir: dir}, text+"    - {open: /proc/sys/net/ipv4/ip_forward, flags: O_RDONLY, as: g}\n")
}
