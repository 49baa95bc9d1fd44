//go:build amd64 || 386 || arm64

package jail

import (
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// An opening is what Landlock lets be done with a path and what is below it.
type opening struct {
	path string
	may  landlock.AccessFSSet
}

// What may be done with files.
const (
	runFile   landlock.AccessFSSet = ll.AccessFSExecute
	readFile  landlock.AccessFSSet = ll.AccessFSReadFile
	writeFile landlock.AccessFSSet = ll.AccessFSWriteFile
	readDir   landlock.AccessFSSet = ll.AccessFSReadDir
	useDevice landlock.AccessFSSet = ll.AccessFSIoctlDev
	// ofFiles are those that Landlock allows of a path that is not a folder.
	ofFiles = runFile | readFile | writeFile | ll.AccessFSTruncate | useDevice
	// change is what one may do in one's own folder; nobody makes devices.
	change = readFile | readDir | writeFile | ll.AccessFSTruncate | ll.AccessFSRemoveDir | ll.AccessFSRemoveFile |
		ll.AccessFSMakeDir | ll.AccessFSMakeReg | ll.AccessFSMakeSock | ll.AccessFSMakeFifo | ll.AccessFSMakeSym | ll.AccessFSRefer
	// all is what is closed unless it is opened.
	all = change | runFile | ll.AccessFSMakeChar | ll.AccessFSMakeBlock | useDevice
)

// landlockVersion is the first that holds all that is asked of it: Linux 6.12.
const landlockVersion = 6

// open lets Landlock open a part.
func (in *inside) open(p part) {
	may := readFile | readDir
	if p.Write {
		may = change
	}
	if p.device {
		may = readFile | writeFile | useDevice
	}
	if p.runs {
		may |= runFile
	}
	in.opened = append(in.opened, opening{p.Path, may})
}

func (in *inside) openTemp(path string) {
	may := change
	if in.AnyExec {
		may |= runFile
	}
	in.opened = append(in.opened, opening{path, may})
}

// restrict takes from this thread all access to files but what was opened, and
// keeps signals and abstract sockets inside. Of the network it says nothing:
// what it holds there is less than what a namespace does.
func (in *inside) restrict() {
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		in.lack(landLock, err, "run Linux 6.12 or later with lsm=landlock"+orLess)
		return
	}
	if version < landlockVersion {
		in.lack(landLock, fmt.Errorf("this kernel has version %d of it, and the sandbox needs %d", version, landlockVersion), "run Linux 6.12 or later"+orLess)
	}
	in.opened = append(in.opened, opening{networkParameters, readFile | writeFile | readDir})
	var rules []landlock.Rule
	for _, o := range in.opened {
		info, err := os.Stat(o.path)
		if err != nil {
			continue // it is not there, so there is nothing to open
		}
		if !info.IsDir() {
			o.may &= ofFiles
		}
		rules = append(rules, landlock.PathAccess(o.may, o.path))
	}
	config := landlock.Config{HandledAccessFS: all, Scoped: ll.ScopeAbstractUnixSocket | ll.ScopeSignal}
	fd, flags, err := config.BestEffort().NewRulesetFD(rules...)
	if err == nil {
		defer unix.Close(fd)
		err = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	if err == nil {
		err = ll.LandlockRestrictSelf(fd, flags)
	}
	if err != nil {
		in.lack(landLock, err, "run Linux 6.12 or later with lsm=landlock"+orLess)
	}
}
