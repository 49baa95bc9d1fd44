package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/jail"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

func init() {
	commands["probe"] = probing
	commands["stage"] = staging
	commands["victim"] = func() { unix.Prctl(unix.PR_SET_PTRACER, ^uintptr(0), 0, 0, 0); io.Copy(io.Discard, os.Stdin) }
	commands["nothing"] = func() {}
}

const (
	nobody     = 65534
	givenProbe = "descriptor in a message"
)

// needsSandbox is for a test of the sandbox, which a program of 32 bits does
// not have.
func needsSandbox(t testing.TB) {
	t.Helper()
	if runtime.GOARCH == "386" {
		t.Skip("a program of 32 bits has no sandbox")
	}
	if lacks := jail.Missing(); len(lacks) > 0 {
		ci.Lacks(t, lacks)
	}
}

// Each way out of the sandbox is closed, for root and for an ordinary user, and
// open for the same program outside. The network around the sandbox is one that
// the test has made.
func TestSandboxProbes(t *testing.T) {
	needsSandbox(t)
	users := []int{os.Geteuid()}
	if users[0] == 0 {
		users = append(users, nobody)
	}
	for _, uid := range users {
		t.Run("uid "+strconv.Itoa(uid), func(t *testing.T) {
			t.Parallel()
			outside, inside := onStage(t, uid)
			for _, p := range probes {
				p.judge(t, uid, outside[p.name], inside[p.name])
			}
		})
	}
}

func (p *probe) judge(t *testing.T, uid int, outside, inside string) {
	t.Helper()
	switch {
	case outside == "open", p.root && uid != 0:
	case p.kernel:
		t.Logf("%s: %s outside, so that the sandbox may not be the reason inside", p.name, outside)
	default:
		t.Errorf("%s: %q outside, want open", p.name, outside)
	}
	for _, err := range p.closed {
		if inside == outcome(err) {
			return
		}
	}
	t.Errorf("%s: %q in the sandbox, want one of %v", p.name, inside, p.closed)
}

// onStage tries the probes as a user, and returns how each has ended.
func onStage(t *testing.T, uid int) (outside, inside map[string]string) {
	t.Helper()
	up := sharedFolder(t)
	folder := filepath.Join(up, "own")
	for _, err := range []error{
		os.Mkdir(folder, 0o777), os.Chmod(folder, 0o777), os.Mkdir(filepath.Join(up, "run"), 0o777), os.Chmod(filepath.Join(up, "run"), 0o777), copyFile("/proc/self/exe", filepath.Join(folder, "probe")),
		os.WriteFile(filepath.Join(up, "secret"), []byte("secret"), 0o666), os.Chmod(filepath.Join(up, "secret"), 0o666),
		os.Symlink("../secret", filepath.Join(folder, "out")), os.Symlink("..", filepath.Join(folder, "up")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{"stage", folder, strconv.Itoa(uid)}
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp", secretEnv+"=here")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		cmd.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN, unix.CAP_SYS_ADMIN}
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the stage: %v\n%s%s", err, out, stderr.String())
	}
	parts := strings.Split(string(out), "\n----\n")
	if len(parts) < 3 {
		t.Fatalf("the stage: %s%s", out, stderr.String())
	}
	if got := outcomes(parts[2], "one  | ")[givenProbe]; got != "EACCES" {
		t.Errorf("%s, which may come: %q in the sandbox, want EACCES", givenProbe, got)
	}
	return outcomes(parts[0], ""), outcomes(parts[1], "one  | ")
}

// outcomes are those in the lines with a prefix.
func outcomes(text, prefix string) map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			name, how, _ := strings.Cut(strings.TrimSpace(rest), ": ")
			all[name] = how
		}
	}
	return all
}

// sharedFolder is a temporary folder that all users can write to.
func sharedFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sandbox")
	if err == nil {
		err = os.Chmod(dir, 0o777)
	}
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		return err
	}
	if _, err = io.Copy(w, r); err == nil {
		err = w.Chmod(0o755)
	}
	w.Close()
	return err
}

// staging is the program stage: in namespaces of its own it sets up what is
// around a sandbox, and tries the probes as a user, outside and inside.
func staging() {
	if err := onNewStage(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func onNewStage(folder, user string) error {
	uid, err := strconv.Atoi(user)
	if err != nil {
		return err
	}
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	if err := buildNetwork(); err != nil {
		return err
	}
	w, err := around(folder)
	if err != nil {
		return err
	}
	victim := as(uid, "victim")
	hold, err := victim.StdinPipe()
	if err != nil {
		return err
	}
	if err := victim.Start(); err != nil {
		return err
	}
	defer victim.Wait()
	defer hold.Close()
	w.Process = victim.Process.Pid
	arg, err := json.Marshal(w)
	if err != nil {
		return err
	}
	root, err := os.Open("/")
	if err != nil {
		return err
	}
	direct := as(uid, "probe", string(arg))
	direct.ExtraFiles = []*os.File{root}
	if err := direct.Run(); err != nil {
		return fmt.Errorf("the probes outside: %w", err)
	}
	fmt.Println("\n----")
	for _, run := range []struct {
		file, args string
		flags      []string
	}{
		{"probes.yaml", fmt.Sprintf("%q", arg), nil},
		// Who has given the socket has not given what comes by it.
		{"given.yaml", fmt.Sprintf("%q, %q", arg, givenProbe), []string{"--allow", "write=" + filepath.Dir(w.Socket)}},
	} {
		text := fmt.Sprintf("actors:\n  one:\n    - exec: [%q, %s]\n      as: p\n    - print: ${p.stdout}\n", filepath.Join(folder, "probe"), run.args)
		path := filepath.Join(folder, run.file)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
		confined := as(uid, append(append([]string{"sockscript", "run", "--full", "--sandbox", "--allow", "exec"}, run.flags...), path)...)
		confined.ExtraFiles = []*os.File{root}
		if err := confined.Run(); err != nil {
			return fmt.Errorf("the probes inside: %w", err)
		}
		fmt.Println("\n----")
	}
	return nil
}

// as is one of this binary's commands, run by a user.
func as(uid int, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = args
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if uid != os.Geteuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	return cmd
}

// buildNetwork gives the loopback interface of a new network its addresses.
func buildNetwork() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING | unix.IFF_LOOPBACK)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return os.NewSyscallError("SIOCSIFFLAGS", err)
	}
	alias, err := unix.NewIfreq(hostAlias)
	if err == nil {
		err = alias.SetInet4Addr(net.ParseIP(hostAddress).To4())
	}
	if err != nil {
		return err
	}
	return os.NewSyscallError("SIOCSIFADDR", unix.IoctlIfreq(fd, unix.SIOCSIFADDR, alias))
}

// around starts what the probes try to reach. It lives as long as the process.
func around(folder string) (*world, error) {
	w := &world{Folder: folder, Socket: filepath.Join(filepath.Dir(folder), "run", "socket"), Abstract: "sockscript-probe"}
	stream, err := net.Listen("tcp4", ":0")
	if err != nil {
		return nil, err
	}
	w.Stream = stream.Addr().(*net.TCPAddr).Port
	w.MPTCP = w.Stream
	datagram, err := net.ListenPacket("udp4", ":0")
	if err != nil {
		return nil, err
	}
	w.Datagram = datagram.LocalAddr().(*net.UDPAddr).Port
	for _, name := range []string{w.Socket, "@" + w.Abstract} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name})
		if err != nil {
			return nil, err
		}
		go giveRoot(l)
	}
	return w, os.Chmod(w.Socket, 0o777)
}

// giveRoot gives each who connects a descriptor of the root folder.
func giveRoot(l *net.UnixListener) {
	root, err := os.Open("/")
	for err == nil {
		var c *net.UnixConn
		if c, err = l.AcceptUnix(); err == nil {
			c.WriteMsgUnix([]byte{0}, unix.UnixRights(int(root.Fd())), nil)
			c.Close()
		}
	}
}
