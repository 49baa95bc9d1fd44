//go:build amd64 || 386 || arm64

package jail

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A part is a file or folder of the host that the jail has.
type part struct {
	Path   string
	Write  bool
	Tree   int  // open_tree(2); 0 while it is not open
	runs   bool // its files may be run
	device bool
	code   bool // it is, or holds, code that is run or mapped
}

// An errLayer is why a file system of one's own cannot be had: the kernel
// refuses a call.
type errLayer struct {
	call string
	err  error
}

func (e *errLayer) Error() string { return e.call + ": " + e.err.Error() }
func (e *errLayer) Unwrap() error { return e.err }

func layer(call string, err error) error {
	if err == nil {
		return nil
	}
	return &errLayer{call, err}
}

// ownFiles gives the process a file system in which nothing is but what it may
// see.
func (in *inside) ownFiles(programs []part) error {
	parts := in.parts(programs)
	for _, p := range parts {
		in.open(p)
	}
	in.opened = append(in.opened, opening{"/etc/hosts", readFile})
	var err error
	if in.Namespaces {
		if err = in.newRoot(parts); err == nil {
			in.openTemp(in.Temp)
			return nil
		}
		refused := new(errLayer)
		if !errors.As(err, &refused) {
			return err
		}
		remedy := namespaceRemedy()
		if errors.Is(err, unix.ENOSYS) {
			remedy = "run Linux 6.12 or later" + orLess
		}
		in.lack(files, err, remedy)
	}
	in.Environ = append(slices.DeleteFunc(in.Environ, func(v string) bool { return strings.HasPrefix(v, "TMPDIR=") }), "TMPDIR="+in.Spare)
	in.openTemp(in.Spare)
	return nil
}

// parts are all parts, each before those that are in it.
func (in *inside) parts(programs []part) []part {
	list := slices.Concat(in.Parts, programs)
	for i := range in.Parts {
		list[i].runs = in.AnyExec
	}
	slices.SortStableFunc(list, func(a, b part) int { return cmp.Compare(len(a.Path), len(b.Path)) })
	return list
}

// newRoot makes the file system and leaves that of the host.
func (in *inside) newRoot(parts []part) error {
	for i := range parts {
		if err := parts[i].openTree(in.AnyExec); err != nil {
			return err
		}
		defer unix.Close(parts[i].Tree)
	}
	// What is mounted here must not be seen on the host. A user namespace alone
	// sees to that.
	if in.HostRaw {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return layer("mount", err)
		}
	}
	root, err := newMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, "mode=755", "size=1m")
	if err != nil {
		return err
	}
	defer unix.Close(root)
	// Any folder will do: it is seen no more.
	if err := unix.MoveMount(root, "", unix.AT_FDCWD, "/proc", unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return layer("move_mount", err)
	}
	if err := in.enter(root, parts); err != nil {
		// Best effort goes on in the old root, and needs its /proc.
		return errors.Join(err, os.Chdir("/"), unix.Unmount("/proc", unix.MNT_DETACH), os.Chdir(in.Folder))
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("the sandbox cannot let go of the files of the host: umount2: %w", err)
	}
	return os.Chdir(in.Folder)
}

// enter furnishes the file system and makes it the root. That of the host is
// still mounted, on top of it.
func (in *inside) enter(root int, parts []part) error {
	if err := in.furnish(&tree{root}, parts); err != nil {
		return err
	}
	if err := unix.MountSetattr(root, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return layer("mount_setattr", err)
	}
	if err := unix.Fchdir(root); err != nil {
		return err
	}
	return layer("pivot_root", unix.PivotRoot(".", "."))
}

// furnish puts everything into the new root.
func (in *inside) furnish(t *tree, parts []part) error {
	noexec := unix.MOUNT_ATTR_NOEXEC
	if in.AnyExec {
		noexec = 0
	}
	temp, err := newMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|noexec, "mode=1777", "size=256m")
	if err != nil {
		return err
	}
	defer unix.Close(temp)
	proc, err := newMount("proc", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(proc)
	if err := cmp.Or(t.mount(in.Temp, temp, false), t.mount("/proc", proc, false)); err != nil {
		return err
	}
	if in.Forks {
		if err := in.ownProcesses(t); err != nil {
			return err
		}
	}
	if err := cmp.Or(t.write("/etc/hosts", ownHosts), in.system(t)); err != nil {
		return err
	}
	for _, p := range parts {
		if err := t.add(p); err != nil {
			return fmt.Errorf("%s in the sandbox: %w", p.Path, err)
		}
	}
	return t.folder(in.Folder)
}

// ownHosts is the jail's /etc/hosts.
const ownHosts = "127.0.0.1 localhost\n::1 localhost\n"

// ownProcesses lets the states of processes be read.
func (in *inside) ownProcesses(t *tree) error {
	proc, err := newMount("proc", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC|unix.MOUNT_ATTR_RDONLY, "subset=pid")
	if err != nil {
		return err
	}
	in.processes = ownProcesses
	in.opened = append(in.opened, opening{ownProcesses, readFile})
	return errors.Join(t.mount(ownProcesses, proc, false), unix.Close(proc))
}

// openTree takes the part out of the host's file system. Unless any program may
// be run, only what the system and the allowed programs need can be: not even
// the loader, which those run, can map anything else.
func (p *part) openTree(anyProgram bool) (err error) {
	if p.Tree != 0 {
		return nil
	}
	p.Tree, err = unix.OpenTree(unix.AT_FDCWD, p.Path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	switch {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS):
		return layer("open_tree", err)
	case err != nil:
		return fmt.Errorf("%s cannot be shown to the sandbox: %w%s", p.Path, err, hintOfUser(err))
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID}
	if !p.device {
		attr.Attr_set |= unix.MOUNT_ATTR_NODEV
	}
	if !p.Write && !p.device {
		attr.Attr_set |= unix.MOUNT_ATTR_RDONLY
	}
	if !anyProgram && !p.code {
		attr.Attr_set |= unix.MOUNT_ATTR_NOEXEC
	}
	if err := unix.MountSetattr(p.Tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr); err != nil {
		unix.Close(p.Tree)
		return layer("mount_setattr", err)
	}
	return nil
}

// hintOfUser says as whom the jail looks at files where that may be why it
// cannot.
func hintOfUser(err error) string {
	if uid := os.Geteuid(); (uid == 0 || uid == nobody) && errors.Is(err, unix.EACCES) {
		return fmt.Sprintf("; the sandbox of root looks at files as the user %d does: let that user read it", nobody)
	}
	return ""
}

// newMount makes a file system that is nowhere yet.
func newMount(kind string, attr int, options ...string) (int, error) {
	fs, err := unix.Fsopen(kind, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return 0, layer("fsopen of "+kind, err)
	}
	defer unix.Close(fs)
	for _, o := range options {
		key, value, _ := strings.Cut(o, "=")
		if err := unix.FsconfigSetString(fs, key, value); err != nil {
			return 0, layer("fsconfig of "+kind, err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return 0, layer("fsconfig of "+kind, err)
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, attr)
	return fd, layer("fsmount of "+kind, err)
}

// A tree is a new root, as a descriptor. Its paths never lead out of it.
type tree struct{ root int }

func (t *tree) openat(path string, flags uint64) (int, error) {
	fd, err := unix.Openat2(t.root, filepath.Clean("/"+path), &unix.OpenHow{
		Flags: flags | unix.O_CLOEXEC, Mode: 0o644 * (flags & unix.O_CREAT) / unix.O_CREAT, Resolve: unix.RESOLVE_IN_ROOT,
	})
	if err == unix.ENOSYS || err == unix.EPERM { // an old kernel, or a filter
		err = layer("openat2", err)
	}
	return fd, err
}

// folder makes a folder with those that it is in, unless it is there.
func (t *tree) folder(path string) error {
	if path == "/" {
		return nil
	}
	if fd, err := t.openat(path, unix.O_PATH|unix.O_DIRECTORY); err == nil {
		return unix.Close(fd)
	}
	in, name := filepath.Split(filepath.Clean(path))
	if err := t.folder(filepath.Clean(in)); err != nil {
		return err
	}
	fd, err := t.openat(in, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Mkdirat(fd, name, 0o755)
}

func (t *tree) write(path, text string) error {
	if err := t.folder(filepath.Dir(path)); err != nil {
		return err
	}
	fd, err := t.openat(path, unix.O_WRONLY|unix.O_CREAT)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), path)
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// link makes a symbolic link, unless something is there.
func (t *tree) link(path, to string) error {
	if err := t.folder(filepath.Dir(path)); err != nil {
		return err
	}
	in, err := t.openat(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(in)
	if err := unix.Symlinkat(to, in, filepath.Base(path)); err != unix.EEXIST {
		return err
	}
	return nil
}

// mount puts a mount to a path.
func (t *tree) mount(path string, mount int, isFile bool) error {
	if isFile {
		if fd, err := t.openat(path, unix.O_PATH); err == nil {
			unix.Close(fd)
		} else if err := t.write(path, ""); err != nil {
			return err
		}
	} else if err := t.folder(path); err != nil {
		return err
	}
	at, err := t.openat(path, unix.O_PATH)
	if err != nil {
		return err
	}
	defer unix.Close(at)
	return layer("move_mount", unix.MoveMount(mount, "", at, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH))
}

// add puts a part to its path, unless it is there as part of another.
func (t *tree) add(p part) error {
	var is, there unix.Stat_t
	if err := unix.Fstatat(p.Tree, "", &is, unix.AT_EMPTY_PATH); err != nil {
		return err
	}
	if fd, err := t.openat(p.Path, unix.O_PATH); err == nil {
		err := unix.Fstat(fd, &there)
		runs := !p.code || mayRun(fd)
		unix.Close(fd)
		if err == nil && !p.Write && runs && is.Dev == there.Dev && is.Ino == there.Ino {
			return nil
		}
	}
	return t.mount(p.Path, p.Tree, is.Mode&unix.S_IFMT != unix.S_IFDIR)
}

// mayRun reports whether a file is where programs can be run.
func mayRun(fd int) bool {
	var st unix.Statfs_t
	return unix.Fstatfs(fd, &st) == nil && st.Flags&unix.ST_NOEXEC == 0
}
