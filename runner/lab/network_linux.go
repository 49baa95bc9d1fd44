package lab

import (
	"net"
	"os"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// A Network is a network namespace. Its methods may be called from any
// goroutine.
type Network struct {
	calls chan call     // nil: the network of this process
	gone  chan struct{} // closed once the thread leaves
	close func() error
	// borrowed is guarded by original.
	borrowed borrowed
	// lost is what the kernel forgot of interfaces that are down. Only the
	// thread of the network uses it.
	lost map[string]lost
	// far are the other ends of interfaces, by name. It does not change once
	// the network is in use.
	far map[string]farEnd
	// cables is how many there are. Only the thread of the network uses it.
	cables int
}

// A call is a function for the thread of a namespace. When it has returned,
// done takes its panic, or nil.
type call struct {
	f    func()
	done chan any
}

// Private makes a network namespace with nothing but lo. Errors are a
// [RefusedError] where none can be made, and a [SysctlError].
func Private(s Settings) (*Network, error) {
	n := &Network{calls: make(chan call), gone: make(chan struct{})}
	quit := make(chan struct{})
	n.close = sync.OnceValue(func() error {
		close(quit)
		<-n.gone
		return n.borrowed.putBack()
	})
	started := make(chan error)
	go n.hold(started, quit)
	if err := <-started; err != nil {
		return nil, &RefusedError{err}
	}
	if err := n.begin(s, Inherited()); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// Outside is the network of this process. Of all that can be changed in a
// network only kernel parameters can be changed there.
func Outside() *Network {
	n := new(Network)
	n.close = sync.OnceValue(n.borrowed.putBack)
	return n
}

// Allowed reports whether this process can make networks. It tries once.
var Allowed = sync.OnceValue(func() bool {
	n, err := Private(Settings{LoDown: true})
	if err != nil {
		return false
	}
	n.Close()
	return true
})

// hold keeps a thread for the namespace alone. It is not the first thread of
// the process: that one never ends, and /proc/self shows its namespaces.
func (n *Network) hold(started chan<- error, quit <-chan struct{}) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		n.serve(started, quit)
		return
	}
	taken := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		close(taken)
		n.serve(started, quit)
	}()
	<-taken
	runtime.UnlockOSThread()
}

// serve makes the namespace and does what is asked of it until quit is closed.
// Its goroutine ends while it is locked to its thread, so that the thread ends
// too.
func (n *Network) serve(started chan<- error, quit <-chan struct{}) {
	defer close(n.gone)
	err := unix.Unshare(unix.CLONE_NEWNET)
	started <- err
	if err != nil {
		return
	}
	for {
		select {
		case c := <-n.calls:
			c.do()
		case <-quit:
			return
		}
	}
}

// do calls the function; a panic is kept for the one who asked.
func (c call) do() {
	defer func() { c.done <- recover() }()
	c.f()
}

// Furnish sets up the network of this process, which must be a new one, as that
// of [Private]. host is what [Inherited] is in the host's network.
func Furnish(host []Sysctl) error { return Outside().begin(Settings{}, host) }

// begin sets the network up as it is asked for.
func (n *Network) begin(s Settings, host []Sysctl) (err error) {
	n.Within(func() {
		if !s.LoDown {
			err = loUp()
		}
		if err == nil {
			err = alike()
		}
		for _, parameter := range slices.Concat(host, s.Sysctls) {
			if err == nil {
				err = setSysctl(parameter)
			}
		}
	})
	return err
}

// Within calls f on the network's thread and waits until it has returned: the
// sockets that f makes and the programs that it starts are in this network. f
// must be short, and start no goroutine that relies on it. In a network that is
// closed, f is not called.
func (n *Network) Within(f func()) {
	if n.calls == nil {
		f()
		return
	}
	c := call{f: f, done: make(chan any, 1)}
	select {
	case n.calls <- c:
		if p := <-c.done; p != nil {
			panic(p)
		}
	case <-n.gone:
	}
}

// Close lets go of the network. The kernel removes it when its last socket is
// closed. Kernel parameters that it shares with others are put back.
func (n *Network) Close() error { return n.close() }

// try calls f within the network.
func (n *Network) try(f func() error) error {
	err := net.ErrClosed
	n.Within(func() { err = f() })
	return err
}

// change calls a function that changes more than a kernel parameter.
func (n *Network) change(f func() error) error {
	if n.calls == nil {
		return errOutside
	}
	return n.try(f)
}

// loUp brings lo of this thread's network up; its addresses come by themselves
// (netdevice(7)).
func loUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo); err != nil {
		return os.NewSyscallError("SIOCGIFFLAGS of lo", err)
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return os.NewSyscallError("SIOCSIFFLAGS of lo", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo))
}
