package suite

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// A Replacement is a new file that takes the place of another one when it is
// whole (rename(2)). So the old file is kept where the new one cannot be
// written, for example on a full disk. What is not a regular file, such as
// /dev/stdout or a FIFO, is written directly.
type Replacement struct {
	*os.File
	path string // that it replaces; "" where the file is written itself
}

// Replace begins to write the file at path, which need not exist. A symbolic
// link stays: the file that it leads to is replaced. The caller ends with
// Commit or Discard.
func Replace(path string) (*Replacement, error) {
	info, err := os.Stat(path)
	mode := fs.FileMode(0o666)
	replaces := err == nil
	switch {
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &Replacement{File: f}, err
	case err == nil:
		mode = info.Mode().Perm()
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	for {
		beside := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%08x", filepath.Base(path), rand.Uint32()))
		f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		var at *fs.PathError
		if errors.As(err, &at) {
			at.Path = path // the name beside it helps nobody
		}
		if err == nil && replaces {
			f.Chmod(mode) // the umask has taken some of it away
		}
		return &Replacement{File: f, path: path}, err
	}
}

// Commit puts the new file into the place of the old one. Where that fails, the
// new file is removed and the old one stays.
func (r *Replacement) Commit() error {
	err := r.Close()
	if r.path == "" {
		return err
	}
	if err == nil {
		err = os.Rename(r.Name(), r.path)
	}
	if err != nil {
		os.Remove(r.Name())
	}
	return err
}

// Discard removes the new file; the old one stays.
func (r *Replacement) Discard() {
	r.Close()
	if r.path != "" {
		os.Remove(r.Name())
	}
}
