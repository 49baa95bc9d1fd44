//go:build amd64 || 386 || arm64

package jail

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/jail/bare"
)

// openTrees opens the parts for a process that may not look at them itself.
func (o *orders) openTrees() ([]*os.File, error) {
	var list []*os.File
	for i := range o.Parts {
		p := &o.Parts[i]
		p.Tree = 0
		if !isRoot() || !o.has(files) {
			continue
		}
		refused := new(refusal)
		tree, err := p.tree(o.AnyExec)
		switch {
		case errors.As(err, &refused): // this root may do no more than others
		case err != nil:
			return list, err
		default:
			if p.Write || !isOpen(p.Path) {
				asNobody(tree)
			}
			list = append(list, os.NewFile(uintptr(tree), p.Path))
			p.Tree = bare.Value(connFile + len(list))
		}
	}
	return list, nil
}

// tree takes the part out of the host's file system.
func (p *part) tree(anyProgram bool) (int, error) {
	tree, err := unix.OpenTree(unix.AT_FDCWD, p.Path, treeFlags)
	if err != nil {
		return 0, p.unseen(err.(unix.Errno))
	}
	attr := p.attr(anyProgram)
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr); err != nil {
		unix.Close(tree)
		return 0, &refusal{files, "mount_setattr", err.(unix.Errno)}
	}
	return tree, nil
}

// isOpen reports whether everybody may read what is in a folder, as far as one
// soon sees: then nobody may too.
func isOpen(path string) bool {
	const most = 1000
	seen := 0
	return filepath.WalkDir(path, func(path string, e fs.DirEntry, err error) error {
		if seen++; err != nil || seen > most {
			return cmp.Or(err, fs.ErrInvalid)
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o004)
		switch {
		case e.IsDir():
			want = 0o005
		case !e.Type().IsRegular():
			return nil
		}
		if info.Mode()&want != want {
			return fs.ErrPermission
		}
		return nil
	}) == nil
}

// asNobody lets nobody do with a tree what root may: to him root's files are
// his own (mount_setattr(2), MOUNT_ATTR_IDMAP). Some file systems cannot do it;
// there he reads what everybody may read.
func asNobody(tree int) {
	if ids, err := rootIsNobody(); err == nil {
		unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{
			Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(ids),
		})
	}
}
