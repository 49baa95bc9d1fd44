//go:build amd64 || 386 || arm64

package jail

import (
	"slices"

	"github.com/sockscript/sockscript/runner/lab"
)

// An orders is how a jail is to be.
type orders struct {
	Config
	Parts   []part       // what the config lets be read and written
	Environ []string     // the environment of the process, once it is locked in
	Folder  string       // this process's current one
	Network []lab.Sysctl // of the host
	Users   bool         // the process can become another user
	Temp    string       // where the temporary files are
	Spare   string       // where they are if the process has no file system of its own
	Without string       // a layer that is left out, in a test
	lacks   []Lack       // the layers that cannot be had
	refused []string     // those of them of which there is nothing at all

	landlock int // its version
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
	files      = "a file system of its own" // in a namespace
	landLock   = "Landlock"
	seccomp    = "seccomp"
)

// has reports whether the jail is to have a layer.
func (o *orders) has(layer string) bool {
	if layer == files && !o.has(namespaces) {
		return false
	}
	return layer != o.Without && !slices.Contains(o.refused, layer)
}

// lack notes a layer that cannot be had whole.
func (o *orders) lack(layer string, why error, remedy string) {
	o.lacks = append(o.lacks, Lack{layer, why.Error(), remedy})
}

// lockedName is the first argument of the process that is locked in. ps(1)
// shows it.
const lockedName = "sockscript-jailed"

// self is the binary of this process, also where its file is not seen any more.
const self = "/proc/self/exe"

// ownProcesses is where the states of the scenario's processes are read. It is
// a second /proc that has nothing but processes.
const ownProcesses = "/processes"

// networkParameters are those that a scenario may read and set.
const networkParameters = "/proc/sys/net"

// connFile is the descriptor by which the process is asked.
const connFile = 3
