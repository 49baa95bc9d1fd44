//go:build amd64 || 386 || arm64

package jail

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/jail/bare"
)

// An access is what may be done with files (landlock(7)).
type access uint64

// An opening is what Landlock lets be done with a path and what is below it.
type opening struct {
	path string
	may  access
}

const (
	runFile   access = unix.LANDLOCK_ACCESS_FS_EXECUTE
	readFile  access = unix.LANDLOCK_ACCESS_FS_READ_FILE
	writeFile access = unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	truncate  access = unix.LANDLOCK_ACCESS_FS_TRUNCATE
	readDir   access = unix.LANDLOCK_ACCESS_FS_READ_DIR
	refer     access = unix.LANDLOCK_ACCESS_FS_REFER
	useDevice access = unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// ofFiles are those that Landlock allows of a path that is not a folder.
	ofFiles = runFile | readFile | writeFile | truncate | useDevice
	// change is what one may do in one's own folder; nobody makes devices.
	change = readFile | readDir | writeFile | truncate | refer | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SYM
	// all is what is closed unless it is opened.
	all = change | runFile | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | useDevice
)

// landlockVersion is the first that holds all that is asked of it: Linux 6.12.
const landlockVersion = 6

// later is what a version of Landlock is the first to know.
var later = []struct {
	version int
	what    access
}{{2, refer}, {3, truncate}, {5, useDevice}}

// known are the accesses that a version of Landlock knows.
func known(version int) access {
	knows := all
	for _, l := range later {
		if version < l.version {
			knows &^= l.what
		}
	}
	return knows
}

// open lets Landlock open a part.
func (p *plan) open(part *part) {
	may := readFile | readDir
	if part.Write {
		may = change
	}
	if part.device {
		may = readFile | writeFile | useDevice
	}
	if part.runs {
		may |= runFile
	}
	if !part.isFolder() {
		may &= ofFiles
	}
	p.opened = append(p.opened, opening{part.Path, may})
}

func (p *plan) openTemp(path string) {
	may := change
	if p.AnyExec {
		may |= runFile
	}
	p.opened = append(p.opened, opening{path, may})
}

// landlockHere is the version of Landlock that this kernel has.
func landlockHere() (int, error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, errno
	}
	return int(version), nil
}

// tryLandlock notes what this kernel lacks of it.
func (o *orders) tryLandlock() {
	if !o.has(landLock) {
		return
	}
	version, err := landlockHere()
	switch {
	case err != nil:
		o.lack(landLock, err, landlockRemedy)
		o.refused = append(o.refused, landLock)
	case version < landlockVersion:
		o.lack(landLock, fmt.Errorf("this kernel has version %d of it, and the sandbox needs %d", version, landlockVersion), "run Linux 6.12 or later"+orLess)
	}
	o.landlock = version
}

const landlockRemedy = "run Linux 6.12 or later with lsm=landlock" + orLess

// restrict takes all access to files but what was opened, and keeps signals and
// abstract sockets inside. Of the network it says nothing: what it holds there
// is less than what a namespace does.
func (p *plan) restrict() {
	attr := &unix.LandlockRulesetAttr{Handled_access_fs: uint64(known(p.landlock))}
	if p.landlock >= landlockVersion {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	rules := new(bare.Value)
	p.of(landLock, "landlock_create_ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, bare.Memory(attr), bare.Num(unsafe.Sizeof(*attr))).Into(rules)
	for _, o := range append(p.opened, opening{networkParameters, readFile | writeFile | readDir}) {
		rule := &beneath{may: o.may & access(attr.Handled_access_fs)}
		missing := new(bare.Label)
		p.Add("openat", unix.SYS_OPENAT, cwd, bare.Text(o.path), bare.Num(unix.O_PATH|unix.O_CLOEXEC)).Into(&rule.fd).Else(missing)
		p.of(landLock, "landlock_add_rule", unix.SYS_LANDLOCK_ADD_RULE, rules.Arg(), bare.Num(unix.LANDLOCK_RULE_PATH_BENEATH), bare.Memory(rule))
		p.Close(&rule.fd)
		p.Here(missing) // it is not there, so there is nothing to open
	}
	p.of(landLock, "prctl", unix.SYS_PRCTL, bare.Num(unix.PR_SET_NO_NEW_PRIVS), bare.Num(1))
	p.of(landLock, "landlock_restrict_self", unix.SYS_LANDLOCK_RESTRICT_SELF, rules.Arg())
	p.Close(rules)
}

// beneath is struct landlock_path_beneath_attr.
type beneath struct {
	may access
	fd  bare.Value
}
