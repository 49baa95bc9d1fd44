//go:build amd64 || 386 || arm64

package forked

import (
	"encoding/binary"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// highDescriptor is where the descriptors begin that a forked process needs to
// be asked: above those that the steps of a scenario count on.
const highDescriptor = 1000

// A Space is the memory that this process shares with those that it has
// forked, and the pipe by which they say that they are done.
type Space struct {
	mu     sync.Mutex
	shared int      // the memory (memfd_create(2))
	end    int64    // of what is used
	free   []int64  // places of boxes that nobody uses
	notice *os.File // our end of the pipe
	theirs int      // the other end
	boxes  map[uint32]*thread
	lastID uint32
	alive  int // processes
}

// open makes the memory and the pipe, and begins to listen. s.mu is held.
func (s *Space) open() error {
	if s.notice != nil {
		return nil
	}
	fd, err := unix.MemfdCreate("sockscript", unix.MFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("memfd_create", err)
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		unix.Close(fd)
		return os.NewSyscallError("pipe2", err)
	}
	if err := unix.SetNonblock(pipe[0], true); err != nil {
		unix.Close(pipe[0])
		unix.Close(pipe[1])
		unix.Close(fd)
		return os.NewSyscallError("fcntl", err)
	}
	s.shared, s.theirs = fd, pipe[1]
	s.end, s.free = 0, nil
	s.notice = os.NewFile(uintptr(pipe[0]), "notices")
	s.boxes = make(map[uint32]*thread)
	go s.listen(s.notice)
	return nil
}

// listen hands the notices out until the pipe is closed.
func (s *Space) listen(pipe io.Reader) {
	buf := make([]byte, 4*64)
	for {
		n, err := io.ReadAtLeast(pipe, buf, 4)
		if err != nil {
			return
		}
		s.mu.Lock()
		for i := 0; i+4 <= n; i += 4 {
			if t := s.boxes[binary.NativeEndian.Uint32(buf[i:])]; t != nil {
				select {
				case t.answered <- struct{}{}:
				default:
				}
			}
		}
		s.mu.Unlock()
	}
}

// enter counts a process that is about to be made, leave one that is gone. With
// the last one all is closed.
func (s *Space) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return err
	}
	s.alive++
	return nil
}

func (s *Space) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive--; s.alive > 0 {
		return
	}
	s.notice.Close()
	s.notice = nil
	unix.Close(s.theirs)
	unix.Close(s.shared)
}

// reserve finds room for n bytes that nobody uses. A box gets the place of a
// former one where there is one.
func (s *Space) reserve(n int) (offset int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := len(s.free) - 1; n == boxSize && k >= 0 {
		offset, s.free = s.free[k], s.free[:k]
		return offset, nil
	}
	offset = s.end
	if err := unix.Ftruncate(s.shared, offset+int64(n)); err != nil {
		return 0, err
	}
	s.end = offset + int64(n)
	return offset, nil
}

// release gives the memory back.
func (s *Space) release(offset int64, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	unix.Fallocate(s.shared, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, offset, int64(n))
	if n == boxSize {
		s.free = append(s.free, offset)
	}
}

// mapped is a part of the memory as this process has it.
func (s *Space) mapped(offset int64, n int) ([]byte, error) {
	mem, err := unix.Mmap(s.shared, offset, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return mem, os.NewSyscallError("mmap", err)
}

// newThread makes a box with all that a thread needs to begin.
func (s *Space) newThread(p *Process, op uint32) (*thread, error) {
	offset, err := s.reserve(boxSize)
	if err != nil {
		return nil, err
	}
	mem, err := s.mapped(offset, boxSize)
	if err != nil {
		s.release(offset, boxSize)
		return nil, err
	}
	t := &thread{process: p, mem: mem, offset: offset, answered: make(chan struct{}, 1)}
	t.base = addressOf(mem)
	b := t.box()
	_, restorer := handlers()
	*b = box{
		op: op, request: 1, notice: uint32(p.family.own.notice),
		all: ^uint64(0), user: p.mask.Load(), idle: ^uint64(0),
		ignore: action{handler: ignoreSignal},
		wake:   action{handler: counter(), flags: handlerFlags, restorer: restorer},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	b.id = s.lastID
	s.boxes[b.id] = t
	return t, nil
}

// forget gives the box of a thread back that is gone, or was never there.
func (s *Space) forget(t *thread) {
	s.mu.Lock()
	delete(s.boxes, t.box().id)
	s.mu.Unlock()
	unix.Munmap(t.mem)
	s.release(t.offset, boxSize)
}

// ignoreSignal is SIG_IGN.
const ignoreSignal = 1

const (
	saSiginfo  = 0x4
	saOnStack  = 0x08000000
	saRestart  = 0x10000000
	saRestorer = 0x04000000

	// handlerFlags are those of every handler.
	handlerFlags = saSiginfo | saOnStack | saRestorer
)

func counter() uintptr {
	count, _ := handlers()
	return count
}

// A thread is one that makes calls, at most one at a time.
type thread struct {
	process  *Process
	mem      []byte
	offset   int64
	base     uintptr // where the process has the box
	tid      int
	busy     bool
	before   []func() // what its next call comes after
	answered chan struct{}
}

// done reports whether the last request was done.
func (t *thread) done() bool {
	b := t.box()
	return atomic.LoadUint32(&b.done) == atomic.LoadUint32(&b.request)
}
