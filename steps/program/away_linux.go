package program

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// away is an office in the starter.
type away struct {
	wire   *wire
	life   *os.File
	reaper *os.Process
	space  string // the pid namespace of the programs; "" where it is ours

	mu    sync.Mutex
	last  uint32
	asked map[uint32]chan answer
	list  map[int]*Process // that have not ended
	ids   map[int]int      // of all, as they are known here, and as they see them
	gone  bool             // nobody answers any more
}

// An answer is what the starter has answered.
type answer struct {
	result  int32
	started *Process
}

// noNamespace is set once the kernel has refused a pid namespace.
var noNamespace atomic.Bool

// newOffice runs the reaper, in a pid namespace where the kernel lets it.
func newOffice(by *starting) office {
	if !noNamespace.Load() {
		a, err := openOffice(by, asInit)
		if err == nil {
			return a
		}
		noNamespace.Store(!isShortage(err))
	}
	if a, err := openOffice(by, asSubreaper); err == nil {
		return a
	}
	return newHere(by)
}

// isShortage reports an error that may pass.
func isShortage(err error) bool {
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.ENOSPC)
}

// startsWithin is how long the reaper has to start.
const startsWithin = 30 * time.Second

func openOffice(by *starting, how string) (*away, error) {
	life, lifeEnd, err := socketpair()
	if err != nil {
		return nil, err
	}
	defer lifeEnd.Close()
	control, controlEnd, err := socketpair()
	if err != nil {
		life.Close()
		return nil, err
	}
	defer controlEnd.Close()
	a := &away{life: life, asked: make(map[uint32]chan answer), list: make(map[int]*Process), ids: make(map[int]int)}
	if a.wire, err = newWire(control); err == nil {
		err = a.run(by, how, lifeEnd, controlEnd)
	}
	if err != nil {
		a.hurry()
		a.wait()
		return nil, err
	}
	go a.listen()
	return a, nil
}

// socketpair makes two ends, of which the first is ours.
func socketpair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	unix.SetNonblock(fds[0], true)
	return os.NewFile(uintptr(fds[0]), "socketpair"), os.NewFile(uintptr(fds[1]), "socketpair"), nil
}

// run runs the reaper and waits until it is ready.
func (a *away) run(by *starting, how string, life, control *os.File) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	attr := &os.ProcAttr{
		Env:   append(os.Environ(), "GOMAXPROCS=1"),
		Files: []*os.File{null, null, null, life, control},
		Sys:   reaperAttr(how),
	}
	a.life.SetReadDeadline(time.Now().Add(startsWithin))
	by.do(func() {
		if a.reaper, err = os.StartProcess(ownBinary, []string{reaperName, how}, attr); err != nil {
			return
		}
		life.Close()
		err = a.heard(saysRuns)
	})
	if err == nil {
		err = a.heard(saysReady)
	}
	if err == nil && how == asInit {
		a.space, err = os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", a.reaper.Pid))
	}
	return err
}

// heard waits for what the reaper says; all else is an error's text.
func (a *away) heard(want byte) error {
	said := make([]byte, 1)
	if _, err := io.ReadFull(a.life, said); err != nil {
		return err
	}
	if said[0] == want {
		return nil
	}
	rest, _ := io.ReadAll(a.life)
	return errors.New(string(append(said, rest...)))
}

// reaperAttr puts the reaper into a session of its own, where no terminal's
// signal comes, and into the namespaces that it needs. Root has them for the
// asking; others have them in a user namespace only.
func reaperAttr(how string) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if how != asInit {
		return attr
	}
	attr.Cloneflags = unix.CLONE_NEWPID | unix.CLONE_NEWNS
	if os.Geteuid() != 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN}
	}
	return attr
}

// listen takes what the starter says, until it has gone.
func (a *away) listen() {
	for {
		m, err := a.wire.read()
		if err != nil {
			break
		}
		a.mu.Lock()
		switch m.Kind {
		case sayEnded:
			a.hasEnded(int(m.Numbers[0]), Status{Exit: int(m.Numbers[1]), Signal: syscall.Signal(m.Numbers[2])})
		case sayAnswer, sayStarted:
			a.answered(m)
		}
		a.mu.Unlock()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = true
	for id, c := range a.asked {
		delete(a.asked, id)
		close(c)
	}
	// The reaper ends what is left.
	for pid := range a.list {
		a.hasEnded(pid, Status{Exit: -1, Signal: syscall.SIGKILL})
	}
}

// answered hands an answer to who has asked. A program that was started is
// known before anything else is said of it. a.mu is held.
func (a *away) answered(m *message) {
	c := a.asked[m.ID]
	delete(a.asked, m.ID)
	r := answer{result: m.Numbers[0]}
	if pid := int(m.Numbers[1]); m.Kind == sayStarted {
		r.started = &Process{Pid: pid, done: make(chan struct{})}
		a.list[pid] = r.started
		a.learn(m, pid)
	}
	c <- r
}

// learn notes under which id a program is known here. The pidfd that comes
// with the message says so, pidfd_open(2).
func (a *away) learn(m *message, pid int) {
	for _, fd := range m.files {
		defer unix.Close(fd)
		if id := field(fmt.Sprintf("/proc/self/fdinfo/%d", fd), "Pid:"); len(id) == 1 {
			a.ids[id[0]] = pid
		}
	}
}

// field are the numbers behind a word at the beginning of a line.
func field(path, word string) []int {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(line, word)
		if !ok {
			continue
		}
		var list []int
		for _, s := range strings.Fields(rest) {
			n, _ := strconv.Atoi(s)
			list = append(list, n)
		}
		return list
	}
	return nil
}

// hasEnded notes how a program has ended. a.mu is held.
func (a *away) hasEnded(pid int, s Status) {
	if p := a.list[pid]; p != nil {
		delete(a.list, pid)
		p.status = s
		close(p.done)
	}
}

// errGone is the error of a program that nobody can start any more.
var errGone = errors.New("the processes that start and end programs are gone: something has killed them")

// ask sends a question and waits for its answer.
func (a *away) ask(m *message) (answer, error) {
	c := make(chan answer, 1)
	a.mu.Lock()
	if a.gone {
		a.mu.Unlock()
		return answer{}, errGone
	}
	a.last++
	m.ID = a.last
	a.asked[m.ID] = c
	a.mu.Unlock()
	if err := a.wire.write(m); err != nil {
		a.mu.Lock()
		delete(a.asked, m.ID)
		a.mu.Unlock()
		if errors.Is(err, unix.EINVAL) {
			return answer{}, err
		}
		return answer{}, errGone
	}
	r, ok := <-c
	if !ok {
		return r, errGone
	}
	return r, nil
}

// about asks something of a program.
func (a *away) about(kind int32, numbers ...int) int32 {
	m := &message{head: head{Kind: kind}}
	for i, n := range numbers {
		m.Numbers[i] = int32(n)
	}
	r, _ := a.ask(m)
	return r.result
}

func (a *away) start(set *Set, s Spec) (*Process, error) {
	var numbers []string
	m := &message{head: head{Kind: askStart}}
	for i, f := range s.Files {
		if f != nil {
			m.files, numbers = append(m.files, int(f.Fd())), append(numbers, strconv.Itoa(i))
		}
	}
	if len(m.files) > maxFiles {
		return nil, syscall.EINVAL
	}
	m.texts = []string{s.Path, s.Dir, s.Identity.String(), strings.Join(numbers, " ")}
	m.Numbers = [4]int32{number(s.Terminal), int32(len(s.Argv))}
	m.texts = append(append(m.texts, s.Argv...), s.Env...)
	r, err := a.ask(m)
	runtime.KeepAlive(s.Files)
	switch {
	case err != nil:
		return nil, err
	case r.started == nil:
		return nil, syscall.Errno(r.result)
	}
	r.started.set = set
	return r.started, nil
}

func (a *away) signal(pid int, sig syscall.Signal) error {
	if errno := a.about(askSignal, pid, int(sig)); errno != 0 {
		return syscall.Errno(errno)
	}
	return nil
}

func (a *away) reap(pid int)        { a.about(askReap, pid) }
func (a *away) finish(pid int)      { a.about(askFinish, pid) }
func (a *away) lives(pid int) bool  { return a.about(askLives, pid) != 0 }
func (a *away) left(pid int) bool   { return a.about(askLeft, pid) != 0 }
func (a *away) ending(pid int) bool { return a.about(askEnding, pid) != 0 }

func (a *away) end(pids []int) {
	m := &message{head: head{Kind: askEnd}}
	for _, pid := range pids {
		m.texts = append(m.texts, strconv.Itoa(pid))
	}
	a.ask(m)
}

func (a *away) outside(pid int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	for here, there := range a.ids {
		if there == pid {
			return here
		}
	}
	return pid
}

func (a *away) inside(pid int) int {
	if a.space == "" {
		return pid
	}
	a.mu.Lock()
	inner, known := a.ids[pid]
	a.mu.Unlock()
	if known {
		return inner
	}
	if space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid)); err != nil || space != a.space {
		return pid
	}
	if ids := field(fmt.Sprintf("/proc/%d/status", pid), "NSpid:"); len(ids) > 1 {
		return ids[1]
	}
	return pid
}

func (a *away) close() {
	a.about(askClose)
	a.hurry()
	a.wait()
}

// hurry ends the starter, and with it all programs at once.
func (a *away) hurry() {
	if a.wire != nil {
		a.wire.conn.Close()
	}
	a.life.Close()
}

// wait waits until the reaper has ended. Then nothing is left.
func (a *away) wait() {
	if a.reaper == nil {
		return
	}
	ended := make(chan struct{})
	go func() {
		a.reaper.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(2 * killWait): // a process hangs in the kernel
	}
}
