//go:build amd64 || 386 || arm64

package jail

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/jail/bare"
	"github.com/sockscript/sockscript/runner/lab"
)

// A plan is what the process does until it is locked in: one layer after the
// other, and then it runs this binary. Landlock holds a single thread, and what
// that thread runs: the threads of a process that each lock themselves in are
// kept from each other too.
type plan struct {
	bare.List
	orders
	// opened are the paths that Landlock opens.
	opened []opening
	// named are the programs that are allowed, where not any is.
	named []string
	// processes is where processes are found, unless it is the usual place.
	processes string
}

// newPlan makes a plan without the layers that are missing.
func newPlan(o orders) (*plan, error) {
	p := &plan{orders: o}
	p.become()
	libraries, err := p.ownBinary()
	if err != nil {
		return nil, err
	}
	p.ownFiles(append(libraries, p.programs()...))
	if p.has(namespaces) {
		p.dropRights()
	}
	if p.has(landLock) {
		p.restrict()
	}
	return p, p.run()
}

// A refusal is why a layer cannot be had: the kernel refuses a call.
type refusal struct {
	layer, call string
	errno       syscall.Errno
}

func (r *refusal) Error() string { return r.call + ": " + r.errno.Error() }
func (r *refusal) Unwrap() error { return r.errno }

// layer adds a call without which there are no files of one's own.
func (p *plan) layer(call string, trap uintptr, args ...bare.Arg) *bare.Call {
	return p.of(files, call, trap, args...)
}

// of adds a call without which there is no such layer.
func (p *plan) of(layer, call string, trap uintptr, args ...bare.Arg) *bare.Call {
	return p.Add(call, trap, args...).Why(func(errno syscall.Errno) error { return &refusal{layer, call, errno} })
}

// cwd is where a path begins that is not a descriptor's.
var cwd = bare.Num(unix.AT_FDCWD)

// become makes the process the user that it is in the jail, in a session of its
// own, where no terminal is.
func (p *plan) become() {
	p.Add("setsid", unix.SYS_SETSID)
	capable := p.caps()
	if len(capable) > 0 {
		p.of(namespaces, "prctl", unix.SYS_PRCTL, bare.Num(unix.PR_SET_KEEPCAPS), bare.Num(1))
	}
	if id, changes := p.user(); changes {
		p.of(namespaces, "setgroups", setgroups)
		p.of(namespaces, "setgid", setgid, bare.Num(id))
		p.of(namespaces, "setuid", setuid, bare.Num(id))
	}
	if len(capable) > 0 {
		var mask uint32 // all numbers are below 32
		for _, number := range capable {
			mask |= 1 << number
		}
		head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		sets := [2]unix.CapUserData{{Effective: mask, Permitted: mask, Inheritable: mask}}
		p.of(namespaces, "capset", unix.SYS_CAPSET, bare.Memory(&head), bare.Memory(&sets[0]))
		for _, number := range capable {
			p.of(namespaces, "prctl", unix.SYS_PRCTL, bare.Num(unix.PR_CAP_AMBIENT), bare.Num(unix.PR_CAP_AMBIENT_RAISE), bare.Num(number))
		}
	}
}

// run runs this binary in the jail.
func (p *plan) run() error {
	h, err := json.Marshal(p.handover())
	if err != nil {
		return err
	}
	argv, err := bare.Texts([]string{lockedName, string(h)})
	if err != nil {
		return err
	}
	env, err := bare.Texts(p.Environ)
	if err != nil {
		return err
	}
	p.Wrap(func(err error) error { return fmt.Errorf("the process in the sandbox cannot be started: %w", err) }, func() {
		p.Add("execve", unix.SYS_EXECVE, bare.Text(self), argv, env)
	})
	return nil
}

// A handover is what the process that is locked in has from this one.
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

func (p *plan) handover() handover {
	return handover{
		Lacks: p.lacks, Programs: p.runsPrograms(), HostNetwork: p.HostNetwork, Proc: p.processes, Without: p.Without, Streams: p.Streams, Env: p.Env, Named: p.named,
		Furnish: p.has(namespaces) && !p.HostNetwork, Network: p.Network,
	}
}

// dropRights gives up what only the making of a jail needs. Another user than
// root has nothing else, and gets nothing.
func (p *plan) dropRights() {
	switch {
	case p.HostRaw:
		p.dropAdmin()
	case os.Geteuid() == 0:
		p.dropCapabilities()
	}
}
