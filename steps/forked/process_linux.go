//go:build amd64 || 386 || arm64

package forked

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Supported reports why no process can be forked here.
func Supported() error { return nil }

// A Process makes system calls for this one.
type Process struct {
	space   *Space
	parent  *Process // that has forked it; nil for this process
	family  *family
	pid     int
	fd      int
	ended   *os.File      // fd, as the poller has it
	done    chan struct{} // closed once it has ended
	status  Status        // then
	mask    atomic.Uint64 // of the signals that it blocks
	handled atomic.Uint64 // of the signals that its handler counts
	several atomic.Bool   // it has more than one thread

	mu       sync.Mutex
	idle     *sync.Cond // signalled when a thread is not busy any more
	threads  []*thread  // the first is the one that it began with
	reaped   bool
	released bool
}

// A family is a process that this one has forked, with all that it has forked.
// They end when this process does.
type family struct {
	life    int // closed, it ends them all
	members atomic.Int32
	own     own
}

// own are the descriptors without which the processes of a family cannot be
// asked, by their numbers there.
type own struct {
	life   int // the other end of what ends the family
	notice int // by which they say that they are done
	shared int // the memory
}

func (o own) list() []int { return []int{o.life, o.notice, o.shared} }

// owned chooses the numbers of a family that is about to be forked: those from
// highDescriptor on that no descriptor of this process has which the family
// takes with it, nor is to have. The descriptors get them in the new process:
// here such a number would enlarge the table of descriptors, for which the
// kernel lets a process with several threads wait some milliseconds.
func owned(here own, parts Parts) (own, error) {
	taken := slices.Concat(here.list(), parts.Keep, parts.As)
	number := highDescriptor - 1
	next := func() int {
		for number++; slices.Contains(taken, number); number++ {
		}
		return number
	}
	o := own{life: next(), notice: next(), shared: next()}
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil && uint64(number) >= limit.Cur {
		return o, fmt.Errorf("a forked process needs the descriptor %d, but the limit is %d; raise it with ulimit -n", number, limit.Cur)
	}
	return o, nil
}

// Parts are what Start and Fork need from outside.
type Parts struct {
	Keep   []int          // the descriptors that the process is to have
	As     []int          // their numbers there; nil: the same
	Forks  sync.Locker    // held while it has others too
	Within func(f func()) // calls a function on a thread of its network
}

func addressOf(mem []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(mem))) }

func (t *thread) box() *box { return (*box)(unsafe.Pointer(unsafe.SliceData(t.mem))) }

// Start forks a process.
func (s *Space) Start(parts Parts) (*Process, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		s.leave()
		return nil, os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(pipe[0])
	here := own{life: pipe[0], notice: s.theirs, shared: s.shared}
	there, err := owned(here, parts)
	if err != nil {
		unix.Close(pipe[1])
		s.leave()
		return nil, err
	}
	stack, err := unix.Mmap(-1, 0, stackSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_STACK)
	if err != nil {
		unix.Close(pipe[1])
		s.leave()
		return nil, os.NewSyscallError("mmap", err)
	}
	defer unix.Munmap(stack) // the process has a copy
	f := &family{life: pipe[1], own: there}
	p, err := s.begin(nil, f, here, parts, func(t *thread) (pid int, err error) {
		t.box().leads = 1
		t.place(addressOf(t.mem))
		parts.Within(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var errno syscall.Errno
			withoutHeap(func() { pid, errno = fork(t.box(), addressOf(stack)+stackSize) })
			if errno != 0 {
				err = os.NewSyscallError("fork", errno)
			}
		})
		return pid, err
	})
	if err != nil {
		unix.Close(f.life)
	}
	return p, err
}

// Fork lets the process fork another, which has copies of its descriptors.
func (p *Process) Fork(parts Parts) (*Process, error) {
	if err := p.space.enter(); err != nil {
		return nil, err
	}
	return p.space.begin(p, p.family, p.family.own, parts, func(t *thread) (int, error) {
		at, errno := p.share(t.offset, boxSize)
		if errno != 0 {
			return 0, os.NewSyscallError("mmap", asError(errno))
		}
		defer p.Call(Wait{}, unix.SYS_MUNMAP, Num(at), Num(boxSize))
		t.place(at)
		pid, errno := p.ask(opFork, at)
		if errno != 0 {
			return 0, os.NewSyscallError("fork", asError(errno))
		}
		return int(pid), nil
	})
}

// share maps a part of the space into the process.
func (p *Process) share(offset int64, n int) (uintptr, syscall.Errno) {
	return p.Call(Wait{}, trapMmap, Num(0), Num(n), Num(unix.PROT_READ|unix.PROT_WRITE), Num(unix.MAP_SHARED),
		Num(p.family.own.shared), Num(int(offset/mmapUnit)))
}

// begin makes a process by a fork, and waits until it is what was asked for.
// The process that forks has the family's own descriptors as from.
func (s *Space) begin(parent *Process, f *family, from own, parts Parts, fork func(*thread) (int, error)) (*Process, error) {
	p := &Process{space: s, parent: parent, family: f, done: make(chan struct{})}
	p.idle = sync.NewCond(&p.mu)
	if parent != nil {
		p.mask.Store(parent.mask.Load())
		p.handled.Store(parent.handled.Load())
	}
	t, err := s.newThread(p, opBegin)
	if err != nil {
		s.leave()
		return nil, err
	}
	p.threads = []*thread{t}
	if len(parts.Keep) > mostKept {
		s.forget(t)
		s.leave()
		return nil, fmt.Errorf("a forked process takes at most %d descriptors with it", mostKept)
	}
	p.prepare(t, from, parts)
	parts.Forks.Lock()
	defer parts.Forks.Unlock()
	if p.pid, err = fork(t); err == nil {
		t.tid = p.pid
		err = p.watch()
	}
	if err != nil {
		s.forget(t)
		s.leave()
		return nil, err
	}
	f.members.Add(1)
	switch errno := t.await(Wait{}); {
	case errno == Died:
		<-p.done
		return nil, fmt.Errorf("the forked process has ended at once: %v", p.status)
	case errno != 0:
		p.Signal(unix.SIGKILL)
		return nil, os.NewSyscallError("dup3", errno)
	}
	return p, nil
}

// mostKept bounds the descriptors that a process keeps: of each, the range
// before it and its number.
const mostKept = dataSize/16 - 8

// place notes where the process has the box.
func (t *thread) place(base uintptr) {
	t.base = base
	t.box().stack = stack{sp: base + headSize, size: signalStack}
}

// prepare writes into a new process's box which descriptors it closes, and
// which numbers the others get.
func (p *Process) prepare(t *thread, from own, parts Parts) {
	b := t.box()
	b.life = uint32(p.family.own.life)
	b.highest = highestDescriptor()
	kept := append(from.list(), parts.Keep...)
	slices.Sort(kept)
	data := t.mem[dataAt:dataAt]
	next, n := uint32(0), uint32(0)
	gap := func(to uint32) {
		data = binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(data, next), to)
		n++
	}
	for _, fd := range slices.Compact(kept) {
		if uint32(fd) > next {
			gap(uint32(fd) - 1)
		}
		next = uint32(fd) + 1
	}
	gap(^uint32(0))
	b.closes = n
	// Its own come first: by them it says what has failed.
	reserved := p.family.own.list()
	list := moves(from.list(), reserved, nil)
	for _, m := range append(list, moves(parts.Keep, parts.As, reserved)...) {
		data = binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(data, uint32(m[0])), uint32(m[1]))
		b.moves++
	}
}

// Reserved reports whether a descriptor of the process is none of a scenario.
func (p *Process) Reserved(fd int) bool { return slices.Contains(p.family.own.list(), fd) }

// moves are the changes that give descriptors their numbers one after the
// other: no number is taken that another one still has.
func moves(from, to, reserved []int) [][2]int {
	var list [][2]int
	at := make(map[int]int) // the number that each has, by the one that it gets
	spare := 0
	for i := range to {
		spare = max(spare, from[i]+1, to[i]+1)
		if from[i] != to[i] {
			at[to[i]] = from[i]
		}
	}
	has := func(number int) bool {
		for _, f := range at {
			if f == number {
				return true
			}
		}
		return false
	}
	for len(at) > 0 {
		moved := false
		for _, number := range slices.Sorted(maps.Keys(at)) {
			if !has(number) {
				list = append(list, [2]int{at[number], number})
				delete(at, number)
				moved = true
			}
		}
		if !moved { // all that are left go round in circles: one makes room
			number := slices.Min(slices.Collect(maps.Keys(at)))
			for slices.Contains(reserved, spare) {
				spare++
			}
			list = append(list, [2]int{at[number], spare})
			at[number] = spare
			spare++
		}
	}
	return list
}

func highestDescriptor() uint32 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 1 << 16
	}
	return uint32(min(limit.Max, 1<<20))
}
