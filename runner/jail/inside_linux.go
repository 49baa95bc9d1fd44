//go:build amd64 || 386 || arm64

package jail

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/remote"
	"github.com/sockscript/sockscript/steps/forked"
	programs "github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// Main is the work of the process in the jail. In any other process it returns
// at once.
func Main() {
	if os.Args[0] != lockedName {
		return
	}
	serve()
	unix.Exit(0) // whatever else the binary does at its end is not for a copy
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
		json.NewEncoder(conn).Encode(answer{h.Lacks, err.Error()})
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
	if json.NewEncoder(conn).Encode(answer{Lacks: h.Lacks}) == nil {
		value.Getenv = h.getenv
		sock.WritableOnly = true
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

// pin keeps the kernel from forgetting a file of /proc that Landlock opens. If
// the kernel forgot it and made it again, it would be another file.
func pin(path string) error {
	if _, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0); err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}
