//go:build amd64 || 386 || arm64

package jail

import "github.com/sockscript/sockscript/runner/lab"

// An orders is what the process in the jail is told first.
type orders struct {
	Config
	Parts      []part       // what the config lets be read and written
	Environ    []string     // the environment of the process, once it is locked in
	Folder     string       // this process's current one
	Network    []lab.Sysctl // of the host
	Namespaces bool         // the process is in namespaces of its own
	Users      bool         // the process can become another user
	Temp       string       // where the temporary files are
	Spare      string       // where they are if the process has no file system of its own
	Without    string       // a layer that is left out, in a test
}

// An answer is what the process in the jail answers: it is ready unless there
// is an error, or layers are missing that must be there.
type answer struct {
	Lacks []Lack
	Err   string
}

// The layers. Each is known by its name in messages.
const (
	namespaces = "namespaces"
	files      = "a file system of its own"
	landLock   = "Landlock"
	seccomp    = "seccomp"
)

// The first arguments of the process: while it makes the jail, and then. ps(1)
// shows them.
const (
	processName = "sockscript-jail"
	lockedName  = "sockscript-jailed"
	idsName     = "sockscript-jail-ids" // of a process that only waits
)

// startEnv is the environment of the process while it makes the jail. It has
// little to do, for which it needs no second thread and no collector: to run
// the binary again, the kernel ends the threads first.
var startEnv = []string{"GOMAXPROCS=1", "GOGC=off"}

// self is the binary of this process, also where its file is not seen any more.
const self = "/proc/self/exe"

// ownProcesses is where the states of the scenario's processes are read. It is
// a second /proc that has nothing but processes.
const ownProcesses = "/processes"

// networkParameters are those that a scenario may read and set.
const networkParameters = "/proc/sys/net"

// connFile is the descriptor by which the process is asked.
const connFile = 3
