package program

import (
	"bytes"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// A process is what /proc says of one, proc_pid_stat(5).
type process struct {
	pid, parent, group, session int

	state byte
	flags uint64
	start uint64 // in clock ticks since the boot
}

// exiting is PF_EXITING of the kernel's sched.h: the process has begun to end.
const exiting = 4

// lives reports whether the process is not a zombie. One that nobody reaps, as
// in a container without an init, is none that could do anything.
func (p *process) lives() bool { return p.state != 'Z' && p.state != 'X' }

// readProcess reads /proc/PID/stat.
func readProcess(pid string) (p process, ok bool) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return p, false
	}
	// The name of the program, in parentheses, may hold anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return p, false
	}
	if p.pid, err = strconv.Atoi(pid); err != nil {
		return p, false
	}
	p.state = fields[0][0]
	for i, to := range []*int{&p.parent, &p.group, &p.session} {
		*to, _ = strconv.Atoi(string(fields[1+i]))
	}
	p.flags, _ = strconv.ParseUint(string(fields[6]), 10, 64)
	p.start, _ = strconv.ParseUint(string(fields[19]), 10, 64)
	return p, true
}

// processes are all that /proc shows; none where it is not there.
func processes() map[int]process {
	found := make(map[int]process)
	proc, err := os.Open("/proc")
	if err != nil {
		return found
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue
		}
		if p, ok := readProcess(name); ok {
			found[p.pid] = p
		}
	}
	return found
}

// livingGroups are the groups of the programs and, of a program with a
// terminal, of its session, in which a process lives.
func livingGroups(list []*child) map[int]bool {
	leads := make(map[int]*child, len(list))
	for _, c := range list {
		leads[c.pid] = c
	}
	found := make(map[int]bool)
	for _, p := range processes() {
		leader := leads[p.session]
		if p.lives() && (leads[p.group] != nil || leader != nil && leader.session) {
			found[p.group] = true
		}
	}
	return found
}

// descendants are the living processes below the root, without this one. The
// value is the one on the way to it that is the root's or this process's child.
func (t *table) descendants() map[int]process {
	all, self := processes(), os.Getpid()
	found := make(map[int]process)
	for pid, p := range all {
		if pid == self || !p.lives() {
			continue
		}
		for top, ok := p, true; ok; top, ok = all[top.parent] {
			if top.parent == t.root && top.pid != self || top.parent == self {
				found[pid] = top
				break
			}
		}
	}
	return found
}

// left reports whether a process of a program may be left, or of any one. One
// that has lost its parent is the root's child now; whose it was, its group or
// session says, else it may be of any program that was started before it.
func (t *table) left(pid int) bool {
	below := t.descendants()
	if pid == 0 {
		return len(below) > 0
	}
	begin := uint64(0)
	if p, ok := readProcess(strconv.Itoa(pid)); ok && t.child(pid) != nil {
		begin = p.start
	}
	for at, top := range below {
		switch p, _ := readProcess(strconv.Itoa(at)); {
		case top.pid == pid, p.group == pid, p.session == pid, top.group == pid, top.session == pid:
			return true
		case top.parent != t.root, t.child(top.group) != nil, t.child(top.session) != nil:
		case top.start > begin, top.start == begin && top.pid > pid:
			return true
		}
	}
	return false
}

// ending reports whether a program has begun to end.
func (t *table) ending(pid int) bool {
	p, ok := readProcess(strconv.Itoa(pid))
	return ok && (p.flags&exiting != 0 || !p.lives())
}

// signalAll sends a signal to all processes below the root.
func (t *table) signalAll(sig syscall.Signal) {
	for pid := range t.descendants() {
		signalOne(pid, sig, t.descends)
	}
}

// signalOne sends a signal to a process that is still what it was.
func signalOne(pid int, sig syscall.Signal, still func(pid int) bool) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if still(pid) {
		unix.PidfdSendSignal(fd, sig, nil, 0)
	}
}

// descends reports whether a process is below the root.
func (t *table) descends(pid int) bool {
	for {
		p, ok := readProcess(strconv.Itoa(pid))
		switch {
		case !ok, p.parent == 0:
			return false
		case p.parent == t.root:
			return true
		}
		pid = p.parent
	}
}
