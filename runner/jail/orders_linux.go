package jail

import "github.com/sockscript/sockscript/runner/lab"

// An orders is what the process in the jail is told first.
type orders struct {
	Config
	Folder     string       // this process's current one
	Network    []lab.Sysctl // of the host
	Namespaces bool         // the process is in namespaces of its own
	Temp       string       // where the temporary files are
	Spare      string       // where they are if the process has no file system of its own
	Without    string       // a layer that is left out, in a test
}

// An answer is what the process in the jail answers: it is ready unless there is
// an error, or layers are missing that must be there.
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

// processName is the first argument of the process; ps(1) shows it.
const processName = "sockscript-jail"

// connFile is the descriptor by which the process is asked.
const connFile = 3
