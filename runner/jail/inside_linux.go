//go:build amd64 || 386 || arm64

package jail

import (
	"encoding/gob"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/remote"
	"github.com/sockscript/sockscript/steps/forked"
	programs "github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// The process that makes the jail does so on its first thread: the kernel lets
// a thread that runs a binary wait until the others have ended, and the first
// one longest.
func init() {
	if os.Args[0] == processName {
		runtime.LockOSThread()
	}
}

// Main is the work of the process in the jail. In any other process it returns
// at once.
func Main() {
	switch os.Args[0] {
	case processName:
		makeJail()
	case lockedName:
		serve()
	case idsName:
		time.Sleep(endsWithin)
	default:
		return
	}
	unix.Exit(0) // whatever else the binary does at its end is not for a copy
}

// makeJail makes the jail and runs this binary once more in it. Landlock holds
// a single thread, and what that thread runs: the threads of a process that
// each lock themselves in are kept from each other too.
func makeJail() {
	conn := os.NewFile(connFile, "connection")
	var in inside
	if gob.NewDecoder(conn).Decode(&in.orders) != nil {
		return
	}
	err := in.lock()
	if err == nil {
		var left []byte
		if left, err = json.Marshal(in.handover()); err == nil {
			err = fmt.Errorf("the process in the sandbox cannot be started: %w", syscall.Exec(self, []string{lockedName, string(left)}, in.Environ))
		}
	}
	gob.NewEncoder(conn).Encode(answer{in.lacks, err.Error()})
}

// A handover is what the process that is locked in has from the one that it
// was.
type handover struct {
	Lacks       []Lack
	Programs    bool
	HostNetwork bool
	Proc        string // where processes are found
	Without     string
	Named       []string // the programs that may be run; nil where any may, or none
	Streams     []string
	Env         []string // the variables that may be read
	Furnish     bool     // the network is new
	Network     []lab.Sysctl
}

func (in *inside) handover() handover {
	return handover{
		Lacks: in.lacks, Programs: in.runsPrograms(), HostNetwork: in.HostNetwork, Proc: in.processes, Without: in.Without, Streams: in.Streams, Env: in.Env, Named: in.named,
		Furnish: in.Namespaces && !in.HostNetwork, Network: in.Network,
	}
}

// serve takes the last layer, says that all is ready, and runs the scenario.
func serve() {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	syscall.CloseOnExec(connFile)
	conn := os.NewFile(connFile, "connection")
	var h handover
	if err := json.Unmarshal([]byte(os.Args[1]), &h); err != nil {
		return
	}
	if err := pin(networkParameters); err != nil && h.Without != files {
		gob.NewEncoder(conn).Encode(answer{h.Lacks, err.Error()})
		return
	}
	if h.Proc != "" {
		forked.Proc = h.Proc
	}
	// The scenario is read meanwhile.
	furnished := make(chan struct{})
	var ready error
	go func() {
		defer close(furnished)
		ready = h.furnish()
	}()
	if h.Without != seccomp {
		if err := filter(h.Programs, h.HostNetwork); err != nil {
			remedy := "run a kernel that has CONFIG_SECCOMP_FILTER"
			if err == errVsock {
				remedy = "use the 64-bit sockscript"
			}
			h.Lacks = append(h.Lacks, Lack{seccomp, err.Error(), remedy + orLess})
		}
	}
	if gob.NewEncoder(conn).Encode(answer{Lacks: h.Lacks}) == nil {
		value.Getenv = h.getenv
		if h.Named != nil {
			programs.MayRun = h.mayRun
		}
		remote.Serve(conn, remote.Options{Stdio: h.stdio, Ready: func() error {
			<-furnished
			return ready
		}})
	}
}

// furnish sets up the network, where it is a new one.
func (h *handover) furnish() error {
	if !h.Furnish {
		return nil
	}
	if err := lab.Furnish(h.Network); err != nil {
		return fmt.Errorf("the network of the sandbox: %w", err)
	}
	return nil
}

// stdio keeps a scenario from a stream that it was not handed: no step names
// it, so that only the run could tell.
func (h *handover) stdio(stream string) error {
	if slices.Contains(h.Streams, stream) {
		return nil
	}
	return fmt.Errorf("the sandbox was not handed %[1]s, because no step names it; write %[1]s in the step, without an expression", stream)
}

// getenv reads a variable that the sandbox has, or may have.
func (h *handover) getenv(name string) (string, error) {
	v, set := os.LookupEnv(name)
	if !set && !slices.Contains(h.Env, name) {
		return "", fmt.Errorf("the sandbox does not show the environment variable %[1]s; run with --allow env=%[1]s", name)
	}
	return v, nil
}

// mayRun is an error for a program that is not allowed. Landlock alone would
// let the loader run, which an allowed program needs, and with it any other.
func (h *handover) mayRun(path string) error {
	if slices.Contains(h.Named, real(path)) {
		return nil
	}
	return &value.HintedError{
		Err:  &sock.Error{Call: "execve", Err: syscall.EACCES},
		Hint: fmt.Sprintf("the sandbox does not run %[1]s; run with --allow exec=%[1]s", path),
	}
}

// pin keeps the kernel from forgetting a file of /proc that Landlock opens: the
// one that it would make anew is another.
func pin(path string) error {
	if _, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0); err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}

// An inside is the process in the jail while it locks itself in.
type inside struct {
	orders
	lacks []Lack
	// opened are the paths that Landlock opens.
	opened []opening
	// named are the programs that are allowed, where not any is.
	named []string
	// processes is where processes are found, unless it is the usual place.
	processes string
}

// lack notes a layer that cannot be had.
func (in *inside) lack(layer string, why error, remedy string) {
	in.lacks = append(in.lacks, Lack{layer, why.Error(), remedy})
}

// lock takes one layer after the other, for this thread.
func (in *inside) lock() error {
	runtime.LockOSThread()
	if err := in.closeInherited(); err != nil {
		return fmt.Errorf("descriptors that were inherited: %w", err)
	}
	parts, err := in.ownBinary()
	if err != nil {
		return err
	}
	if err := in.ownFiles(append(parts, in.programs()...)); err != nil {
		return err
	}
	if in.Namespaces {
		if err := in.dropRights(); err != nil {
			return err
		}
	}
	if in.Without != landLock {
		in.restrict()
	}
	return nil
}

// dropRights gives up what only the making of a jail needs. Another user than
// root has nothing else, and gets nothing.
func (in *inside) dropRights() error {
	switch {
	case in.HostRaw:
		return dropAdmin()
	case os.Geteuid() == 0:
		return dropCapabilities(in.Users)
	}
	return nil
}

// closeInherited closes the descriptors that this process has from the one that
// started the first of us: those of our own are closed at an exec.
func (in *inside) closeInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= connFile || slices.ContainsFunc(in.Parts, func(p part) bool { return p.Tree == fd }) {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
	return nil
}
