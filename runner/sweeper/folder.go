package sweeper

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
)

// The names of a run's temporary folder, and of the file beside it that is
// locked as long as the run lasts. The kernel lets go of the lock also where
// the process is killed: so others know that nobody needs the folder any more.
const (
	folderPrefix = "sockscript-"
	lockSuffix   = ".lock"
)

// Sweep removes the temporary folders in dir of this user's runs that were
// killed together with their sweepers.
func Sweep(dir string) {
	entries, _ := os.ReadDir(dir) // what it cannot read it leaves
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), folderPrefix) && strings.HasSuffix(e.Name(), lockSuffix) && e.Type().IsRegular() {
			removeFolder(strings.TrimSuffix(filepath.Join(dir, e.Name()), lockSuffix))
		}
	}
}

// removeFolder removes a folder if nobody holds its lock. It reports whether
// there is nothing left to remove.
func removeFolder(name string) bool {
	lock, err := os.OpenFile(name+lockSuffix, os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer lock.Close()
	var is unix.Stat_t
	if unix.Fstat(int(lock.Fd()), &is) != nil || int(is.Uid) != os.Geteuid() || !holds(lock) {
		return false
	}
	return os.RemoveAll(name) == nil && os.Remove(lock.Name()) == nil
}

// A Folder is the temporary folder of a run that lasts.
type Folder struct {
	Name string
	lock *os.File
}

// Make makes a folder of this name, which s removes if this process cannot. It
// is nil where another has the name.
func (s *Sweeper) Make(dir, name string) (*Folder, error) {
	name = filepath.Join(dir, folderPrefix+name)
	s.tell(newItem(itemFolder, sock.File{Path: name})) // before it is there: it may be killed at any moment
	lock, err := newLock(name + lockSuffix)
	if err != nil || lock == nil {
		return nil, err
	}
	f := &Folder{name, lock}
	if err = os.Mkdir(name, 0o700); err == nil {
		return f, nil
	}
	f.Keep()
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return nil, err
}

// Remove removes the folder.
func (f *Folder) Remove() error {
	return errors.Join(os.RemoveAll(f.Name), f.Keep())
}

// Keep leaves the folder where it is: without its lock nobody removes it.
func (f *Folder) Keep() error {
	return errors.Join(os.Remove(f.lock.Name()), f.lock.Close())
}

// newLock makes a file and locks it; nil where another has the name, or has
// found the file before it was locked.
func newLock(name string) (*os.File, error) {
	lock, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !holds(lock) {
		lock.Close()
		return nil, nil
	}
	return lock, nil
}

// holds locks a file, and reports whether that was possible and the file still
// has its name.
func holds(lock *os.File) bool {
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return false
	}
	have, err := lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(lock.Name())
	return err == nil && os.SameFile(have, named)
}
