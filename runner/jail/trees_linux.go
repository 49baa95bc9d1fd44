//go:build amd64 || 386 || arm64

package jail

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// openTrees opens the parts for a process that may not look at them itself.
func (s *starting) openTrees() ([]*os.File, error) {
	var list []*os.File
	for i := range s.orders.Parts {
		p := &s.orders.Parts[i]
		p.Tree = 0
		if !isRoot() || !s.orders.Namespaces {
			continue
		}
		refused := new(errLayer)
		switch err := p.openTree(s.orders.AnyExec); {
		case errors.As(err, &refused): // this root may do no more than others
			p.Tree = 0
		case err != nil:
			return list, err
		default:
			if p.Write || !isOpen(p.Path) {
				asNobody(p.Tree)
			}
			list = append(list, os.NewFile(uintptr(p.Tree), p.Path))
			p.Tree = connFile + len(list)
		}
	}
	return list, nil
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
