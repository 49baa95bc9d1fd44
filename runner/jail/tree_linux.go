//go:build amd64 || 386 || arm64

package jail

import (
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/jail/bare"
)

// A tree is the new root of a plan, as a descriptor. Its paths never lead out
// of it.
type tree struct {
	*plan
	root *bare.Value
}

// open opens a path; the descriptor is the value.
func (t *tree) open(path string, flags uint64) (*bare.Call, *bare.Value) {
	path = filepath.Clean("/" + path)
	how := &unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Mode: 0o644 * (flags & unix.O_CREAT) / unix.O_CREAT, Resolve: unix.RESOLVE_IN_ROOT}
	fd := new(bare.Value)
	return t.Add("openat2", unix.SYS_OPENAT2, t.root.Arg(), bare.Text(path), bare.Memory(how), bare.Num(unsafe.Sizeof(*how))).Into(fd).Why(func(errno unix.Errno) error {
		if errno == unix.ENOSYS || errno == unix.EPERM { // an old kernel, or a filter
			return &refusal{files, "openat2", errno}
		}
		return &os.PathError{Op: "openat2", Path: path, Err: errno}
	}), fd
}

// within makes a call with the descriptor of the folder that a path is in, and
// its last name.
func (t *tree) within(path string, do func(folder, name bare.Arg)) {
	in, name := filepath.Split(filepath.Clean(path))
	_, fd := t.open(in, unix.O_PATH|unix.O_DIRECTORY)
	do(fd.Arg(), bare.Text(name))
	t.Close(fd)
}

// folder makes a folder with those that it is in, unless it is there.
func (t *tree) folder(path string) {
	if path == "/" {
		return
	}
	t.folder(filepath.Dir(path))
	t.within(path, func(in, name bare.Arg) {
		t.Add("mkdirat", unix.SYS_MKDIRAT, in, name, bare.Num(0o755)).Ignore(unix.EEXIST)
	})
}

// file makes an empty file, unless something is there.
func (t *tree) file(path string) {
	t.folder(filepath.Dir(path))
	t.within(path, func(in, name bare.Arg) {
		t.Add("mknodat", unix.SYS_MKNODAT, in, name, bare.Num(unix.S_IFREG|0o644)).Ignore(unix.EEXIST)
	})
}

// link makes a symbolic link, unless something is there.
func (t *tree) link(path, to string) {
	t.folder(filepath.Dir(path))
	t.within(path, func(in, name bare.Arg) {
		t.Add("symlinkat", unix.SYS_SYMLINKAT, bare.Text(to), in, name).Ignore(unix.EEXIST)
	})
}

func (t *tree) write(path, text string) {
	t.folder(filepath.Dir(path))
	_, fd := t.open(path, unix.O_WRONLY|unix.O_CREAT)
	t.Add("write", unix.SYS_WRITE, fd.Arg(), bare.Text(text), bare.Num(len(text)))
	t.Close(fd)
}

// mount puts a mount to a path, and closes it.
func (t *tree) mount(path string, mount *bare.Value, isFile bool) {
	if isFile {
		t.file(path)
	} else {
		t.folder(path)
	}
	_, at := t.open(path, unix.O_PATH)
	t.layer("move_mount", unix.SYS_MOVE_MOUNT, mount.Arg(), bare.Text(""), at.Arg(), bare.Text(""), bare.Num(unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH))
	t.Close(at)
	t.Close(mount)
}

// add puts a part to its path, unless it is there as part of another.
func (t *tree) add(p *part) {
	missing, there := new(bare.Label), new(bare.Label)
	if !p.Write && !p.code {
		t.whereSame(p, missing, there)
	}
	t.Here(missing)
	t.mount(p.Path, &p.Tree, !p.isFolder())
	t.Here(there)
}

// whereSame goes on at a label: whether a part is already where it belongs.
func (t *tree) whereSame(p *part, missing, there *bare.Label) {
	look, at := t.open(p.Path, unix.O_PATH)
	look.Else(missing)
	var is, was unix.Statx_t
	stat := func(fd *bare.Value, into *unix.Statx_t) {
		t.Add("statx", unix.SYS_STATX, fd.Arg(), bare.Text(""), bare.Num(unix.AT_EMPTY_PATH), bare.Num(unix.STATX_INO), bare.Memory(into))
	}
	stat(&p.Tree, &is)
	stat(at, &was)
	t.Close(at)
	t.Same(&is.Ino, &was.Ino).Else(missing)
	t.Same((*uint64)(unsafe.Pointer(&is.Dev_major)), (*uint64)(unsafe.Pointer(&was.Dev_major))).Then(there).Else(missing)
}
