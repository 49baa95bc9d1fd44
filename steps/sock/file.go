package sock

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A File is one that a run made, and removes. It is known by its inode, so that
// nobody else's file of that name is removed.
type File struct {
	Path     string
	Dev, Ino uint64
}

// fileAt is the file that is at a path, without following a symbolic link.
func fileAt(path string) (File, error) {
	var st unix.Stat_t
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	err := unix.Lstat(path, &st)
	return File{path, uint64(st.Dev), uint64(st.Ino)}, err
}

// Remove removes the file where it is still there.
func (f File) Remove() error {
	if at, err := fileAt(f.Path); err != nil || at != f {
		return nil
	}
	if err := os.Remove(f.Path); !os.IsNotExist(err) {
		return err
	}
	return nil
}

// RemoveOther removes a socket that is at the path and is not f, which was
// there before.
func (f File) RemoveOther() error {
	info, err := os.Lstat(f.Path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil
	}
	if at, err := fileAt(f.Path); err != nil || at == f {
		return nil
	}
	return os.Remove(f.Path)
}
