package program

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// controlFile is the starter's end of the wire.
const controlFile = 3

// startPrograms is the work of the starter: it does what it is asked until the
// other end of the wire is closed. Its argument is the reaper's process id.
func startPrograms() {
	catchSignals()
	unix.CloseOnExec(controlFile)
	w, err := newWire(os.NewFile(controlFile, "control"))
	root, bad := strconv.Atoi(os.Args[len(os.Args)-1])
	if err != nil || bad != nil {
		return
	}
	s := &starter{wire: w}
	s.table = newTable(root, s.ended)
	for {
		m, err := w.read()
		if err != nil {
			return
		}
		// A start comes before the next message is read: so no program gets
		// what was handed to another.
		if m.Kind == askStart {
			s.start(m)
			continue
		}
		go s.answer(m)
	}
}

// A starter is the office at the other end of the wire.
type starter struct {
	wire  *wire
	table *table
}

func (s *starter) say(kind int32, id uint32, numbers ...int32) {
	m := &message{head: head{Kind: kind, ID: id}}
	copy(m.Numbers[:], numbers)
	s.wire.write(m) // whoever does not listen any more needs no answer
}

func (s *starter) ended(pid int, status Status) {
	s.say(sayEnded, 0, int32(pid), int32(status.Exit), int32(status.Signal))
}

// start starts a program. Its texts are the path, the folder, the identity, the
// numbers of the descriptors, the arguments, of which there are Numbers[1], and
// the environment.
func (s *starter) start(m *message) {
	files := numbered(m.files, strings.Fields(m.texts[3]))
	args := m.Numbers[1]
	id, bad := sock.ParseIdentity(m.texts[2])
	spec := Spec{
		Path: m.texts[0], Dir: m.texts[1], Identity: id, Terminal: m.Numbers[0] != 0,
		Argv: m.texts[4 : 4+args], Env: m.texts[4+args:],
	}
	var c *child
	err := bad
	if err == nil {
		c, err = s.table.launch(spec, files)
	}
	for _, fd := range m.files {
		unix.Close(fd)
	}
	if err != nil {
		errno := syscall.EINVAL
		errors.As(err, &errno)
		s.say(sayAnswer, m.ID, int32(errno))
		return
	}
	started := &message{head: head{Kind: sayStarted, ID: m.ID, Numbers: [4]int32{0, int32(c.pid)}}}
	if c.pidfd >= 0 {
		started.files = []int{c.pidfd}
	}
	s.wire.write(started)
	go s.table.watch(c)
}

// none is what [syscall.ProcAttr] has for a descriptor that is to be closed.
const none = ^uintptr(0)

// numbered are descriptors in the places of their numbers, which rise.
func numbered(files []int, numbers []string) []uintptr {
	var list []uintptr
	for i, fd := range files {
		n, err := strconv.Atoi(numbers[i])
		for err == nil && len(list) <= n {
			list = append(list, none)
		}
		list[len(list)-1] = uintptr(fd)
	}
	return list
}

func (s *starter) answer(m *message) {
	pid := int(m.Numbers[0])
	result := int32(0)
	switch m.Kind {
	case askSignal:
		var errno syscall.Errno
		errors.As(s.table.signal(pid, syscall.Signal(m.Numbers[1])), &errno)
		result = int32(errno)
	case askReap:
		s.table.reap(pid)
	case askFinish:
		s.table.finish(pid)
	case askEnd:
		var pids []int
		for _, text := range m.texts {
			pid, _ := strconv.Atoi(text)
			pids = append(pids, pid)
		}
		s.table.end(pids)
	case askLives:
		result = number(s.table.lives(pid))
	case askLeft:
		result = number(s.table.left(pid))
	case askEnding:
		result = number(s.table.ending(pid))
	case askClose:
		s.endAll()
	}
	s.say(sayAnswer, m.ID, result)
}

func number(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// endAll lets all that is left end in good order, for the time of grace. What
// does not, the reaper ends.
func (s *starter) endAll() {
	if len(s.table.descendants()) == 0 {
		return
	}
	s.table.signalAll(syscall.SIGTERM)
	s.table.signalAll(syscall.SIGCONT) // one that is stopped would not notice
	late := time.NewTimer(killGrace)
	defer late.Stop()
	until(func() bool { return len(s.table.descendants()) == 0 }, late.C, nil)
}
