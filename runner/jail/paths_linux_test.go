//go:build amd64 || 386 || arm64

package jail

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"golang.org/x/sys/unix"
)

// A folder that nobody else may look into is shown to its owner's scenarios,
// also where that is root, whose jail is another user's.
func TestPrivateFolder(t *testing.T) {
	t.Parallel()
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

// What listens at a path of the scenario's own folder, such as a program of the
// user's, is not reached, however it is named: who may write to the folder may.
// What the scenario has made itself is.
func TestSocketsOfFolder(t *testing.T) {
	t.Parallel()
	asBoth(t)
	dir := folder(t, nil)
	listen(t, "unix", filepath.Join(dir, "stream"))
	listen(t, "unixgram", filepath.Join(dir, "datagrams"))
	const (
		streams   = "vars: {dir: x}\nactors: {a: [{socket: unix, as: s}, %s]}"
		datagrams = "vars: {dir: x}\nactors: {a: [{socket: unixgram, as: s}, %s]}"
	)
	for _, test := range []struct{ scenario, step string }{
		{streams, `{connect: s, to: "unix:${dir}/stream"%s}`},
		{streams, `{fork: [{connect: s, to: "unix:${dir}/stream"%s}], as: c}, {join: c}`},
		{streams, `{fork: [{chdir: "${dir}"}, {connect: s, to: "${\"unix:stream\"}"%s}], as: c}, {join: c}`},
		{datagrams, `{connect: s, to: "unix:${dir}/datagrams"%s}`},
		{datagrams, `{send: s, data: x, to: "unix:${dir}/datagrams"%s}`},
		{datagrams, `{send: s, data: x, control: [], to: "unix:${dir}/datagrams"%s}`},
		{datagrams, `{sendmmsg: s, messages: [{data: x, to: "unix:${dir}/datagrams"}]%s}`},
		{datagrams, `{fork: [{send: s, data: x, to: "unix:${dir}/datagrams"%s}], as: c}, {join: c}`},
	} {
		for _, writable := range []bool{false, true} {
			c, want := Config{Dir: dir}, ", expect: {error: EACCES}"
			if writable {
				c.Write, want = []string{dir}, ""
			}
			s := parse(t, dir, fmt.Sprintf(test.scenario, fmt.Sprintf(test.step, want)))
			res := Run(t.Context(), c, s, scenarios.Options{}, runner.Options{Vars: map[string]any{"dir": dir}})
			if res.Status != history.Passed {
				t.Errorf("%s: %s %v", test.step, res.Status, res.Failure)
			}
		}
	}
	inJail(t, Config{Dir: dir}, `
actors:
  a:
    - {socket: unixgram, as: x}
    - {bind: x, to: "unix:${tmp}/x"}
    - {socket: unixgram, as: y}
    - {send: y, data: hello, to: x}
    - {recv: x, expect: hello}
    - {send: y, data: hello, to: "unix:${tmp}/y", expect: {error: ENOENT}}
`)
}
