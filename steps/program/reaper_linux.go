package program

import (
	"math"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The first arguments of the copies of this binary that do the work. ps(1)
// shows them.
const (
	reaperName  = "sockscript-reaper"
	starterName = "sockscript-starter"
)

// ownBinary is this binary, also where its file has been removed.
const ownBinary = "/proc/self/exe"

func init() {
	switch os.Args[0] {
	case reaperName:
		reapAll()
	case starterName:
		startPrograms()
	case becomerName:
		becomeProgram()
	default:
		return
	}
	unix.Exit(0) // whatever else the binary does at its end is not for a copy
}

// The descriptors of the reaper. lifeFile ends with the process that the
// programs are started for; what the reaper has to say goes there too.
const (
	lifeFile      = 3
	reaperControl = 4

	saysRuns  byte = 1 // it has no other descriptor of that process any more
	saysReady byte = 2 // what comes in its place is the text of an error
)

// The ways of the reaper to find all that the programs have started.
const (
	asInit      = "init"      // process 1 of a pid namespace
	asSubreaper = "subreaper" // PR_SET_CHILD_SUBREAPER of prctl(2)
)

// reapAll is the work of the reaper: it waits for all that has lost its parent,
// and ends with all that is left, when the starter or whoever wants the
// programs has ended.
func reapAll() {
	catchSignals()
	// No program gets what this process was born with: its own descriptors,
	// those that whoever runs sockscript has left open, and those that Go opens
	// to write the ids of another user namespace that is made at the same time.
	if unix.CloseRange(lifeFile, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) != nil {
		unix.CloseOnExec(lifeFile)
		unix.CloseOnExec(reaperControl)
	}
	life := os.NewFile(lifeFile, "life")
	life.Write([]byte{saysRuns})
	starter, err := beginReaping(os.Args[len(os.Args)-1])
	if err != nil {
		life.Write([]byte(err.Error()))
		return
	}
	unix.Close(reaperControl)
	life.Write([]byte{saysReady})
	go func() {
		life.Read(make([]byte, 1)) // nothing comes but the end
		syscall.Kill(starter, syscall.SIGKILL)
	}()
	for {
		switch pid, err := syscall.Wait4(-1, nil, 0, nil); {
		case err == syscall.EINTR:
		case err != nil || pid == starter:
			killAll()
			return
		}
	}
}

// beginReaping makes the reaper what it is and runs the starter.
func beginReaping(how string) (starter int, err error) {
	if how == asInit {
		err = ownProc()
	} else {
		err = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	}
	if err != nil {
		return 0, err
	}
	// What let the reaper mount is not for the programs.
	unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	attr := &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2, reaperControl},
		Sys:   &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	}
	return syscall.ForkExec(ownBinary, []string{starterName, strconv.Itoa(os.Getpid())}, attr)
}

// ownProc mounts the /proc of the pid namespace, where only the programs see
// it.
func ownProc() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	return os.NewSyscallError("mount", err)
}

// killAll ends all that is left below this process, as long as something ends
// of it. Whoever loses its parent by that becomes a child of this process: so
// only children are killed, whose ids cannot become another's. In a pid
// namespace the kernel does it when the reaper has ended.
func killAll() {
	if os.Getpid() == 1 {
		return
	}
	for late := time.Now().Add(killWait); time.Now().Before(late); {
		for pid, p := range processes() {
			if p.parent == os.Getpid() {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		switch pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); {
		case err == syscall.ECHILD:
			return
		case pid == 0:
			time.Sleep(time.Millisecond)
		}
	}
}

// catchSignals keeps signals from ending this process, which the programs may
// send, or somebody to all processes of a name. Programs are started with the
// default actions, also of the signals that whoever has started sockscript
// ignores, as nohup(1) does: else a transcript would depend on it.
func catchSignals() {
	var list []os.Signal
	for sig := syscall.Signal(1); sig < 65; sig++ {
		if sig != syscall.SIGURG && sig != syscall.SIGCHLD {
			list = append(list, sig)
		}
	}
	signal.Notify(make(chan os.Signal, 1), list...)
}
