//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/scenarios"
)

const rawSocket = "actors: {a: [{socket: icmp, as: s}, {socket: {family: AF_PACKET, type: SOCK_RAW}, as: p}]}"

// Raw sockets in the network of the host are for a jail that root makes. It has
// the one capability that they need, and nothing of the jail is mounted
// outside. Another user is told why there are none.
func TestRawSocketsOfHost(t *testing.T) {
	if os.Getenv("SOCKSCRIPT_OWN_NETWORK") != "" {
		rawOfHost(t)
		return
	}
	asBoth(t)
	c := Config{Dir: folder(t, nil), Raw: true, HostNetwork: true}
	if !isRoot() {
		res := Run(t.Context(), c, parse(t, c.Dir, rawSocket), scenarios.Options{}, runner.Options{})
		if res.Failure == nil || !strings.Contains(res.Failure.Message, "only root can allow a sandbox: this user may not make them (operation not permitted); run as root, or without --allow host-network") {
			t.Errorf("%s %v", res.Status, res.Failure)
		}
		inJail(t, c, "network: private\n"+rawSocket)
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "SOCKSCRIPT_OWN_NETWORK=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// rawOfHost is the test in a network and with mounts that it has for itself.
func rawOfHost(t *testing.T) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		t.Fatal(err)
	}
	mounts := func() string {
		text, err := os.ReadFile("/proc/self/mountinfo")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := mounts()
	c := Config{Dir: folder(t, map[string]string{"data": "hello"}), Raw: true, HostNetwork: true, AnyExec: true}
	inJail(t, c, rawSocket)
	inJail(t, c, "network: private\n"+rawSocket)
	// The kernel makes the jail's tree of files, and no more than its own.
	inJail(t, c, `
actors:
  a:
    - {socket: icmp, as: s}
    - {open: /etc/passwd, flags: O_RDONLY, expect: {error: ENOENT}}
    - {write: "${tmp}/x", data: {file: data}}
    - fork:
        - {open: /processes/self/status, flags: O_RDONLY, as: f}
        - {recv: f, eof: true, expect: {contains: "CapPrm:\t0000000000002000\nCapEff:\t0000000000002000\n"}}
      as: child
    - join: child
    - {exec: [id, -u], expect: {stdout: "65534\n"}}
    - {exec: [mount, -t, tmpfs, x, /tmp], expect: {exit: 32}}
`)
	// One folder is mounted in another.
	c.Write = []string{filepath.Join(c.Dir, "own")}
	if err := os.Mkdir(c.Write[0], 0o777); err != nil {
		t.Fatal(err)
	}
	write := "actors: {a: [{write: " + c.Write[0] + "/x, data: x}]}"
	inJail(t, c, write)
	c.HostNetwork = false
	inJail(t, c, write)
	if after := mounts(); after != before {
		t.Errorf("mounted before\n%s\nand after\n%s", before, after)
	}
}
