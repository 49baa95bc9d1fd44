package sock

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// Group owns every descriptor of one run. It numbers their descriptions, wakes
// all calls that wait when its context is cancelled, and releases what is left
// when it is closed. Its methods may be called from any goroutine.
//
// The sockets that a forked process makes are made by a Group of its own, which
// has all but the process in common with the first: see [Process.Group].
type Group struct {
	*registry
	process *Process // that makes the calls; nil: this process
	network *network // in which sockets are made
	blocks  bool     // no descriptor that it makes has O_NONBLOCK
}

// A registry is what the groups of a run and its forked processes share.
type registry struct {
	stop   func() bool // takes back the AfterFunc that watches ctx
	ended  atomic.Bool // set before the waiting calls are woken
	lastID atomic.Uint64
	home   *network            // in which the first group makes sockets
	hosts  map[string]*network // see AddHost

	// OnBind is called before bind(2) makes a file at a path, with what is
	// there: a File without an inode where there is nothing. What it returns is
	// called after bind(2), with the file that was made, or nil. OnBind is set
	// before the first call, and may be nil.
	OnBind func(before File) (after func(made *File))

	mu      sync.Mutex
	reason  error // why waiting calls fail once ended is set
	closed  bool
	drained sync.Cond // signalled when open shrinks
	open    map[*Socket]struct{}
	waiters map[waiter]struct{}
	passed  map[fileID]*passage  // what SCM_RIGHTS has on its way
	bound   map[string]File      // by path: those that bind(2) made
	fifos   map[uint64]*fifoEnds // by inode
	names   names

	space     forked.Space
	processes map[*Process]struct{} // that were forked and have not ended; nil before the first
	settling  int                   // how many of those that have ended still have descriptors here
	unwaited  []*Process            // that have ended and were not joined; all were forked by this process
}

// A waiter can have its waiting cut short from another goroutine.
type waiter interface{ wake() }

// passage is a description that was sent by SCM_RIGHTS and not yet received as
// often.
type passage struct {
	desc   *Description
	id     fileID
	tcp    bool
	local  bool   // AF_UNIX
	to     uint64 // the inode of the socket that all copies were sent to; 0: not known
	copies int
}

// processPart is the upper half of the ids of descriptions: it differs between
// processes, so that the records of several can be joined.
var processPart = sync.OnceValue(func() uint32 { return rand.Uint32() >> 1 })

// NewGroup returns an empty group. When ctx is cancelled every call that waits,
// and every later call that may wait, fails with an error that wraps the cause
// ([context.Cause]). within calls a function on a thread of the network in
// which the group's sockets are made; nil stands for the network of this
// process.
func NewGroup(ctx context.Context, within func(f func())) *Group {
	home := newNetwork("", within)
	g := &Group{network: home, registry: &registry{
		home:    home,
		open:    make(map[*Socket]struct{}),
		waiters: make(map[waiter]struct{}),
		bound:   make(map[string]File),
	}}
	g.drained.L = &g.mu
	g.lastID.Store(uint64(processPart()) << 32)
	if ctx.Err() != nil {
		g.end(context.Cause(ctx))
	}
	g.stop = context.AfterFunc(ctx, func() { g.end(context.Cause(ctx)) })
	return g
}

// Open makes a socket with socket(2), close-on-exec. It is driven by the
// runtime's poller unless it is blocking: then its descriptor has no O_NONBLOCK
// but the one that is asked for, and each call that waits takes a thread, which
// is supported on Linux only. SOCK_NONBLOCK and SOCK_CLOEXEC may be in typ.
func (g *Group) Open(family, typ, proto int, blocking bool) (*Socket, error) {
	blocking = blocking || g.blocks
	if err := g.mayMake(blocking); err != nil {
		return nil, failed("socket", err)
	}
	fd, err := g.socket(family, typ, proto, !blocking)
	if err != nil {
		return nil, failed("socket", err)
	}
	s, err := g.newSocket(fd, kind{family, typ &^ openFlags, proto, blocking}, g.newDescription())
	if err != nil {
		return nil, failed("socket", err)
	}
	s.believe(typ)
	s.learnInode()
	return s, nil
}

// Blocking is the group of the same sockets whose descriptors all block.
func (g *Group) Blocking() *Group {
	return &Group{registry: g.registry, process: g.process, network: g.network, blocks: true}
}

// caller is who makes the calls of the group.
func (g *Group) caller() caller { return caller{process: g.process} }

// socket is socket(2) in the group's network.
func (g *Group) socket(family, typ, proto int, nonblock bool) (fd int, err error) {
	if c := g.caller(); c.process != nil {
		return sysSocket(c, family, typ, proto, nonblock)
	}
	return g.network.socket(family, typ, proto, nonblock)
}

// openFlags are those that may be in the type of a socket.
const openFlags = SockNonblock | SockCloexec

// OpenPair makes two connected sockets with socketpair(2). Each one's
// Description names the other's as its Peer.
func (g *Group) OpenPair(family, typ, proto int, blocking bool) (a, b *Socket, err error) {
	blocking = blocking || g.blocks
	if err := g.mayMake(blocking); err != nil {
		return nil, nil, failed("socketpair", err)
	}
	var fds [2]int
	if c := g.caller(); c.process != nil {
		fds, err = sysSocketpair(c, family, typ, proto, false)
	} else {
		g.network.within(func() { fds, err = sysSocketpair(c, family, typ, proto, !blocking) })
	}
	if err != nil {
		return nil, nil, failed("socketpair", err)
	}
	da, db := g.newDescription(), g.newDescription()
	da.Peer, db.Peer = db, da
	k := kind{family, typ &^ openFlags, proto, blocking}
	if a, err = g.newSocket(fds[0], k, da); err != nil {
		sysClose(g.caller(), fds[1])
		return nil, nil, failed("socketpair", err)
	}
	if b, err = g.newSocket(fds[1], k, db); err != nil {
		a.Close()
		return nil, nil, failed("socketpair", err)
	}
	for _, s := range []*Socket{a, b} {
		s.believe(typ)
		s.learnInode()
		s.learnLocal()
		s.learnRemote(Addr{})
	}
	da.peerInode.Store(db.Inode())
	db.peerInode.Store(da.Inode())
	return a, b, nil
}

// Adopt takes over a descriptor that came by SCM_RIGHTS (unix(7)); on an error
// it is closed. The socket shares the Description of the group's socket, or end
// of a pipe, that is the same open file, and has a new one else. A descriptor
// without O_NONBLOCK becomes a blocking Socket, because that flag belongs to
// the file and so to the sender too. What is not a socket has family AF_UNSPEC
// and type 0, and can be read, written and closed.
func (g *Group) Adopt(fd int) (*Socket, error) { return g.adopt(fd, false) }

// AdoptSeen is Adopt for a descriptor that a look with MSG_PEEK has made: the
// one in the message stays there.
func (g *Group) AdoptSeen(fd int) (*Socket, error) { return g.adopt(fd, true) }

func (g *Group) adopt(fd int, stays bool) (*Socket, error) {
	c := g.caller()
	sysFcntl(c, fd, unix.F_SETFD, unix.FD_CLOEXEC)
	status, errno := sysFcntl(c, fd, unix.F_GETFL, 0)
	if errno != 0 {
		return nil, failed("fcntl", asError(errno))
	}
	k := sysIdentify(c, fd)
	desc := g.receivedDescription(fd, stays)
	known := desc != nil
	if known {
		k.blocking = desc.mode.isLost() // the flag may be cleared for a while only
	} else {
		desc = g.newDescription()
		desc.network = g.networkOf(fd)
		desc.foreign.Store(true)
		k.blocking = status&unix.O_NONBLOCK == 0
	}
	k.blocking = k.blocking || g.blocks
	if err := g.mayOpen(k.blocking); err != nil {
		sysClose(c, fd)
		return nil, failed("recvmsg", err)
	}
	s, err := g.newSocket(fd, k, desc)
	if err != nil {
		return nil, failed("recvmsg", err)
	}
	if !known && k.family != unix.AF_UNSPEC {
		s.learnInode()
		s.learnLocal()
		s.learnRemote(Addr{})
		s.learnWaits()
	}
	return s, nil
}

// Close wakes every call that still waits, closes what is open, waits until
// those calls have returned, and unlinks the paths that were bound and are
// still there. A second Close does nothing.
func (g *Group) Close() error {
	g.stop()
	g.end(ErrClosed)
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return nil
	}
	g.closed = true
	left := make([]*Socket, 0, len(g.open))
	for s := range g.open {
		left = append(left, s)
	}
	g.mu.Unlock()

	var errs []error
	for _, s := range left {
		if err := s.Close(); err != nil && !errors.Is(err, syscall.EBADF) && !errors.Is(err, ErrDied) {
			errs = append(errs, err)
		}
	}
	g.mu.Lock()
	for len(g.open) > 0 {
		g.drained.Wait()
	}
	g.mu.Unlock()
	g.awaitProcesses()
	for _, n := range g.networks() {
		n.diag.close()
	}
	return errors.Join(append(errs, g.unlinkBound()...)...)
}

// end makes all waiting calls fail with reason, now and from now on. The first
// reason stays.
func (g *Group) end(reason error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.reason != nil {
		return
	}
	g.reason = reason
	g.ended.Store(true)
	for w := range g.waiters {
		w.wake()
	}
}

// cause is why waiting calls fail; it is nil until the group has ended.
func (g *Group) cause() error {
	if !g.ended.Load() {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reason
}

func (g *Group) mayOpen(blocking bool) error {
	if err := g.cause(); err != nil {
		return err
	}
	if blocking {
		return blockingSupported()
	}
	return nil
}

// watch registers w to be woken at the end of the group; it fails once that has
// come.
func (g *Group) watch(w waiter) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.reason != nil {
		return g.reason
	}
	g.waiters[w] = struct{}{}
	return nil
}

func (g *Group) unwatch(w waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.waiters, w)
}

func (g *Group) add(s *Socket) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.reason != nil {
		return g.reason
	}
	g.open[s] = struct{}{}
	return nil
}

func (g *Group) remove(s *Socket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, s)
	delete(g.names.waiting, s)
	g.drained.Broadcast()
}

// announce says that bind(2) is about to make a file at a path. What it returns
// is called when it has made it, or has not.
func (g *Group) announce(path string) func(made bool) {
	after := func(*File) {}
	if g.OnBind != nil {
		before, _ := fileAt(path) // without an inode if there is nothing
		after = g.OnBind(before)
	}
	return func(made bool) {
		f, err := fileAt(path)
		if !made || err != nil {
			after(nil)
			return
		}
		g.mu.Lock()
		g.bound[f.Path] = f
		g.mu.Unlock()
		after(&f)
	}
}

func (g *Group) unlinkBound() []error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(g.bound)) {
		if err := g.bound[path].Remove(); err != nil {
			errs = append(errs, err)
		}
	}
	clear(g.bound)
	return errs
}
