//go:build amd64 || 386 || arm64

package jail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/tests/proctest"
)

// Where one layer is left out, another holds. What only that one holds shows
// that it was left out.
func TestOneLayerLess(t *testing.T) {
	asBoth(t)
	dir := folder(t, map[string]string{"data": "hello", "script": "#!/bin/sh\n"})
	if err := os.Chmod(filepath.Join(dir, "script"), 0o755); err != nil {
		t.Fatal(err)
	}
	passwd := "{open: /etc/passwd, flags: O_RDONLY, expect: {error: %s}}"
	write := "{write: " + dir + "/new, data: x, expect: {error: %s}}"
	run := "{exec: [" + dir + "/script], expect: {error: %s}}"
	version := "{open: /proc/version, flags: O_RDONLY, as: f}"
	for _, test := range []struct {
		without string
		steps   []string
	}{
		{"", []string{fmt.Sprintf(passwd, "ENOENT"), fmt.Sprintf(write, "EROFS"), fmt.Sprintf(run, "EACCES")}},
		{landLock, []string{fmt.Sprintf(passwd, "ENOENT"), fmt.Sprintf(write, "EROFS"), fmt.Sprintf(run, "EACCES"), version}},
		{seccomp, []string{fmt.Sprintf(passwd, "ENOENT"), fmt.Sprintf(write, "EROFS"), fmt.Sprintf(run, "EACCES")}},
		{namespaces, []string{fmt.Sprintf(passwd, "EACCES"), fmt.Sprintf(write, "EACCES"), fmt.Sprintf(run, "EPERM")}},
	} {
		t.Run("without "+test.without, func(t *testing.T) {
			without = test.without
			defer func() { without = "" }()
			inJail(t, Config{Dir: dir, BestEffort: test.without == namespaces}, "actors:\n  a:\n    - "+
				strings.Join(append(test.steps, "{write: \"${tmp}/x\", data: {file: data}}"), "\n    - ")+"\n")
		})
	}
}

// The filter holds programs too; where there is none, Landlock still lets them
// mount nothing.
func TestFilterOfPrograms(t *testing.T) {
	asBoth(t)
	dir := folder(t, nil)
	for layer, unshared := range map[string]int{"": 1, seccomp: 0} {
		without = layer
		inJail(t, Config{Dir: dir, AnyExec: true}, fmt.Sprintf(`
actors:
  a:
    - {exec: [unshare, --user, "true"], expect: {exit: %d}}
    - {exec: [mount, -t, tmpfs, x, /tmp], expect: {exit: 32}}
`, unshared))
	}
	without = ""
}

// Where the kernel makes no namespaces nothing is run, and the user reads which
// layer is missing and what helps; unless less will do.
func TestMissingLayer(t *testing.T) {
	const limit = "/proc/sys/user/max_user_namespaces"
	if os.Getenv("SOCKSCRIPT_NO_NAMESPACES") == "" {
		asBoth(t)
		cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
		cmd.Dir = "/"
		cmd.Env = append(os.Environ(), "SOCKSCRIPT_NO_NAMESPACES=1", "TMPDIR=/tmp")
		uid, gid := os.Getuid(), os.Getgid()
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
			AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE},
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if err := os.WriteFile(limit, []byte("0"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := folder(t, nil)
	_, _, err := start(Config{Dir: dir})
	missing := new(MissingError)
	if !errors.As(err, &missing) || len(missing.Lacks) != 1 || missing.Lacks[0].Layer != namespaces ||
		!strings.Contains(err.Error(), "user.max_user_namespaces=10000, or use --sandbox=best-effort") {
		t.Errorf("%v", err)
	}
	lacks, err := Prepare(Config{Dir: dir})()
	if err != nil || len(lacks) != 1 {
		t.Errorf("%v %v", lacks, err)
	}
	inJail(t, Config{Dir: dir, BestEffort: true}, "actors: {a: [{open: /etc/passwd, flags: O_RDONLY, expect: {error: EACCES}}, {write: \"${tmp}/x\", data: x}]}")
}

// A jail that was prepared is used by the first run, and by no other.
func TestPrepare(t *testing.T) {
	asBoth(t)
	c := Config{Dir: folder(t, nil)}
	if lacks, err := Prepare(c)(); err != nil || len(lacks) > 0 {
		t.Fatal(lacks, err)
	}
	prepared := waiting.process
	if prepared == nil || take(Config{}) != nil {
		t.Fatal("no jail waits for its config only")
	}
	for range 2 {
		inJail(t, c, "actors: {a: [{write: \"${tmp}/x\", data: x}]}")
	}
	if waiting.process != nil {
		t.Error("the jail waits still")
	}
}

// Only what is less than a whole jail needs a folder on the disk.
func TestPrepareOnNoDisk(t *testing.T) {
	asBoth(t)
	c := Config{Dir: folder(t, nil)}
	t.Setenv("TMPDIR", filepath.Join(c.Dir, "missing"))
	if lacks, err := Prepare(c)(); err != nil || len(lacks) > 0 {
		t.Fatal(lacks, err)
	}
	inJail(t, c, "actors: {a: [{write: \"${tmp}/x\", data: x}]}")
}

// Forked processes, hosts, and frames that the script makes work in the jail.
func TestForksAndHosts(t *testing.T) {
	t.Parallel()
	asBoth(t)
	inJail(t, Config{Dir: folder(t, nil)}, `
network:
  hosts: {left: {eth0: 192.168.1.1/24}, right: {eth0: 192.168.1.2/24}}
  links: {lan: {join: [left.eth0, right.eth0], delay: 1ms}}
actors:
  server:
    host: right
    steps:
      - {socket: tcp, as: listener}
      - {bind: listener, to: "192.168.1.2:80"}
      - listen: listener
      - {accept: listener, as: conn}
      - fork:
          - {sigaction: USR1, handler: count}
          - signal: ready
          - {recv: conn, max: 4, expect: {error: EINTR}}
        as: child
      - wait: ready
      - blocked: child
      - {kill: child, with: USR1}
      - join: child
      - {open: /processes/self/stat, flags: O_RDONLY, as: state}
      - {open: /processes/version, flags: O_RDONLY, expect: {error: ENOENT}}
      - {open: /proc/self/stat, flags: O_RDONLY, expect: {error: EACCES}}
  client:
    host: left
    steps:
      - {socket: tcp, as: sock}
      - {connect: sock, to: "${server.listener}"}
`)
}

// The jail ends with the process that started it, and nothing of it is left.
func TestNothingIsLeft(t *testing.T) {
	if os.Getenv("SOCKSCRIPT_JAIL_STAYS") != "" {
		list, _ := scenarios.Parse("test.yaml", []byte("actors: {a: [{print: x}, {sleep: 1h, timeout: 2h}]}\ntimeout: 2h"))
		Run(context.Background(), Config{}, list[0], scenarios.Options{}, runner.Options{})
		return
	}
	asBoth(t)
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "SOCKSCRIPT_JAIL_STAYS=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	mine := func(p proctest.Process) bool {
		if p.Args[0] != lockedName {
			return false
		}
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid))
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		return len(fields) > 1 && fields[1] == strconv.Itoa(cmd.Process.Pid)
	}
	var jailed []proctest.Process
	for len(jailed) == 0 {
		time.Sleep(time.Millisecond)
		jailed = proctest.Find(mine)
	}
	cmd.Process.Kill()
	cmd.Wait()
	is := func(p proctest.Process) bool { return p.Pid == jailed[0].Pid && p.Args[0] == lockedName }
	if left := proctest.AwaitNone(time.Minute, is); len(left) > 0 {
		t.Error(left)
	}
}

// A run that is cancelled ends in good order, with what it has recorded.
func TestCancel(t *testing.T) {
	t.Parallel()
	asBoth(t)
	s := parse(t, "", "actors: {a: [{print: x}, {sleep: 1h, timeout: 2h}]}\ntimeout: 2h")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	res := Run(ctx, Config{}, s, scenarios.Options{}, runner.Options{})
	if res.Status != history.Cancelled {
		t.Errorf("%s %v", res.Status, res.Failure)
	}
}
