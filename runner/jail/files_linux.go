//go:build amd64 || 386 || arm64

package jail

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/jail/bare"
)

// A part is a file or folder of the host that the jail has.
type part struct {
	Path   string
	Write  bool
	Tree   bare.Value // open_tree(2); 0 while it is not open
	runs   bool       // its files may be run
	device bool
	code   bool // it is, or holds, code that is run or mapped
}

// isFolder reports what a part is. Where this process cannot see it, the one in
// the jail will not either.
func (p *part) isFolder() bool {
	info, err := os.Stat(p.Path)
	return err == nil && info.IsDir()
}

// ownFiles gives the process a file system in which nothing is but what it may
// see.
func (p *plan) ownFiles(programs []part) {
	parts := p.parts(programs)
	for i := range parts {
		p.open(&parts[i])
	}
	p.opened = append(p.opened, opening{"/etc/hosts", readFile})
	if p.has(files) {
		p.newRoot(parts)
		p.openTemp(p.Temp)
		return
	}
	p.Environ = append(slices.DeleteFunc(slices.Clone(p.Environ), func(v string) bool { return strings.HasPrefix(v, "TMPDIR=") }), "TMPDIR="+p.Spare)
	p.openTemp(p.Spare)
}

// parts are all parts, each before those that are in it.
func (p *plan) parts(programs []part) []part {
	list := slices.Concat(p.Parts, programs)
	for i := range p.Parts {
		list[i].runs = p.AnyExec
	}
	slices.SortStableFunc(list, func(a, b part) int { return cmp.Compare(len(a.Path), len(b.Path)) })
	return list
}

// newRoot makes the file system and leaves that of the host.
func (p *plan) newRoot(parts []part) {
	for i := range parts {
		p.openTree(&parts[i])
	}
	// What is mounted here must not be seen on the host. A user namespace alone
	// sees to that.
	if p.HostRaw {
		p.layer("mount", unix.SYS_MOUNT, bare.Text(""), bare.Text("/"), bare.Text(""), bare.Num(unix.MS_REC|unix.MS_PRIVATE), bare.Text(""))
	}
	root := p.newMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, "mode=755", "size=1m")
	// Any folder will do: it is seen no more.
	p.layer("move_mount", unix.SYS_MOVE_MOUNT, root.Arg(), bare.Text(""), cwd, bare.Text("/proc"), bare.Num(unix.MOVE_MOUNT_F_EMPTY_PATH))
	p.furnish(&tree{p, root}, parts)
	p.setAttr(root, 0, unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
	// That of the host is then still mounted, on top of the new one.
	p.Add("fchdir", unix.SYS_FCHDIR, root.Arg())
	p.layer("pivot_root", unix.SYS_PIVOT_ROOT, bare.Text("."), bare.Text("."))
	p.Wrap(func(err error) error {
		return fmt.Errorf("the sandbox cannot let go of the files of the host: %w", err)
	}, func() {
		p.Add("umount2", unix.SYS_UMOUNT2, bare.Text("."), bare.Num(unix.MNT_DETACH))
	})
	p.Close(root)
	p.Add("chdir", unix.SYS_CHDIR, bare.Text(p.Folder)).Why(func(errno unix.Errno) error {
		return &os.PathError{Op: "chdir", Path: p.Folder, Err: errno}
	})
}

// furnish puts everything into the new root.
func (p *plan) furnish(t *tree, parts []part) {
	noexec := unix.MOUNT_ATTR_NOEXEC
	if p.AnyExec {
		noexec = 0
	}
	temp := p.newMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|noexec, "mode=1777", "size=256m")
	t.mount(p.Temp, temp, false)
	proc := p.newMount("proc", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	t.mount("/proc", proc, false)
	if p.Forks {
		p.ownProcesses(t)
	}
	t.write("/etc/hosts", ownHosts)
	p.system(t)
	for i := range parts {
		p.Wrap(func(err error) error { return fmt.Errorf("%s in the sandbox: %w", parts[i].Path, err) }, func() { t.add(&parts[i]) })
	}
	t.folder(p.Folder)
}

// ownHosts is the jail's /etc/hosts.
const ownHosts = "127.0.0.1 localhost\n::1 localhost\n"

// ownProcesses lets the states of processes be read.
func (p *plan) ownProcesses(t *tree) {
	proc := p.newMount("proc", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC|unix.MOUNT_ATTR_RDONLY, "subset=pid")
	p.processes = ownProcesses
	p.opened = append(p.opened, opening{ownProcesses, readFile})
	t.mount(ownProcesses, proc, false)
}

// attr is how a part is mounted. Unless any program may be run, only what the
// system and the allowed programs need can be: not even the loader, which those
// run, can map anything else.
func (p *part) attr(anyProgram bool) unix.MountAttr {
	// What is mounted in it must not be seen in the one that it is a copy of.
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID, Propagation: unix.MS_PRIVATE}
	if !p.device {
		attr.Attr_set |= unix.MOUNT_ATTR_NODEV
	}
	if !p.Write && !p.device {
		attr.Attr_set |= unix.MOUNT_ATTR_RDONLY
	}
	if !anyProgram && !p.code {
		attr.Attr_set |= unix.MOUNT_ATTR_NOEXEC
	}
	return attr
}

// openTree takes a part out of the host's file system, unless that was done.
func (p *plan) openTree(part *part) {
	if part.Tree != 0 {
		return
	}
	p.Add("open_tree", unix.SYS_OPEN_TREE, cwd, bare.Text(part.Path), bare.Num(treeFlags)).Into(&part.Tree).Why(part.unseen)
	p.setAttr(&part.Tree, unix.AT_RECURSIVE, part.attr(p.AnyExec))
}

const treeFlags = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE

// unseen is why the part cannot be taken out of the host's file system.
func (p *part) unseen(errno unix.Errno) error {
	if errno == unix.EPERM || errno == unix.ENOSYS {
		return &refusal{files, "open_tree", errno}
	}
	return fmt.Errorf("%s cannot be shown to the sandbox: %w%s", p.Path, errno, hintOfUser(errno))
}

// hintOfUser says as which user the jail looks at files, where that may be the
// reason that it cannot.
func hintOfUser(err error) string {
	if uid := os.Geteuid(); (uid == 0 || uid == nobody) && errors.Is(err, unix.EACCES) {
		return fmt.Sprintf("; the sandbox of root looks at files as the user %d does: let that user read it", nobody)
	}
	return ""
}

// setAttr changes how something is mounted.
func (p *plan) setAttr(mount *bare.Value, flags int, attr unix.MountAttr) {
	p.layer("mount_setattr", unix.SYS_MOUNT_SETATTR, mount.Arg(), bare.Text(""), bare.Num(unix.AT_EMPTY_PATH|flags), bare.Memory(&attr), bare.Num(unsafe.Sizeof(attr)))
}

// newMount makes a file system that is nowhere yet.
func (p *plan) newMount(kind string, attr int, options ...string) *bare.Value {
	fs, mount := new(bare.Value), new(bare.Value)
	p.layer("fsopen of "+kind, unix.SYS_FSOPEN, bare.Text(kind), bare.Num(unix.FSOPEN_CLOEXEC)).Into(fs)
	for _, o := range options {
		key, value, _ := strings.Cut(o, "=")
		p.layer("fsconfig of "+kind, unix.SYS_FSCONFIG, fs.Arg(), bare.Num(unix.FSCONFIG_SET_STRING), bare.Text(key), bare.Text(value))
	}
	p.layer("fsconfig of "+kind, unix.SYS_FSCONFIG, fs.Arg(), bare.Num(unix.FSCONFIG_CMD_CREATE))
	p.layer("fsmount of "+kind, unix.SYS_FSMOUNT, fs.Arg(), bare.Num(unix.FSMOUNT_CLOEXEC), bare.Num(attr)).Into(mount)
	p.Close(fs)
	return mount
}
