//go:build amd64 || 386 || arm64

package jail

import (
	"encoding/gob"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/remote"
)

// Main is the work of the process in the jail. In any other process it returns
// at once.
func Main() {
	if os.Args[0] != processName {
		return
	}
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	syscall.CloseOnExec(connFile)
	conn := os.NewFile(connFile, "connection")
	var in inside
	if gob.NewDecoder(conn).Decode(&in.orders) != nil {
		os.Exit(1)
	}
	var r answer
	if err := in.lock(); err != nil {
		r.Err = err.Error()
	}
	r.Lacks = in.lacks
	if gob.NewEncoder(conn).Encode(r) == nil && r.Err == "" {
		remote.Serve(conn)
	}
	os.Exit(0)
}

// An inside is the process in the jail while it locks itself in.
type inside struct {
	orders
	lacks []Lack
	// opened are the paths that Landlock opens.
	opened []opening
	// pins are descriptors that keep what Landlock opens from being forgotten.
	pins []int
}

// lack notes a layer that cannot be had.
func (in *inside) lack(layer string, why error, cure string) {
	in.lacks = append(in.lacks, Lack{layer, why.Error(), cure})
}

// lock takes one layer after the other.
func (in *inside) lock() error {
	if err := closeInherited(); err != nil {
		return fmt.Errorf("descriptors that were inherited: %w", err)
	}
	if in.Namespaces && !in.HostNetwork {
		if err := lab.Furnish(in.Network); err != nil {
			return fmt.Errorf("the network of the sandbox: %w", err)
		}
	}
	if err := in.ownFiles(in.programs()); err != nil {
		return err
	}
	if in.Without != landLock {
		in.restrict()
	}
	if in.Without != seccomp {
		if err := filter(in.runsPrograms()); err != nil {
			in.lack(seccomp, err, "run a kernel that has CONFIG_SECCOMP_FILTER"+orLess)
		}
	}
	return nil
}

// closeInherited closes the descriptors that this process has from the one that
// started the first of us: those of our own are closed at an exec.
func closeInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= connFile {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
	return nil
}
