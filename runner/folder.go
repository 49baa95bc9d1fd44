package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// folder is the scenario's own temporary folder, made when first asked for.
//
// A file beside it is locked as long as the run lasts. The kernel lets go of
// the lock also where sockscript is killed: so a later run knows that nobody
// needs the folder any more, and removes it.
type folder struct {
	mu   sync.Mutex
	name string
	lock *os.File
	kept bool
}

const (
	folderPrefix = "sockscript-"
	lockSuffix   = ".lock"
)

func (f *folder) path() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.name != "" {
		return f.name, nil
	}
	if err := f.make(); err != nil {
		return "", fmt.Errorf("cannot make the temporary folder (set TMPDIR to one that can be written): %w", err)
	}
	return f.name, nil
}

// make makes a folder whose name has always the same length: data that holds it
// has then the same length on every run.
func (f *folder) make() error {
	dir, err := filepath.Abs(os.TempDir()) // programs may run in other folders
	if err != nil {
		return err
	}
	if _, again := swept.LoadOrStore(dir, true); !again {
		sweep(dir)
	}
	for {
		name := filepath.Join(dir, fmt.Sprintf("%s%08x", folderPrefix, rand.Uint32()))
		lock, err := newLock(name + lockSuffix)
		if err != nil {
			return err
		}
		if lock == nil {
			continue
		}
		if err = os.Mkdir(name, 0o700); err == nil {
			f.name, f.lock = name, lock
			return nil
		}
		release(lock)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
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

// release removes a lock, and then lets go of it.
func release(lock *os.File) error {
	return errors.Join(os.Remove(lock.Name()), lock.Close())
}

// keep leaves the folder where it is, and says where; "" where there is none.
// Without its lock no later run removes it.
func (f *folder) keep() string {
	if f.name != "" && !f.kept {
		release(f.lock)
	}
	f.kept = true
	return f.name
}

func (f *folder) remove() error {
	if f.name == "" || f.kept {
		return nil
	}
	return errors.Join(os.RemoveAll(f.name), release(f.lock))
}

// swept are the folders in which this process has looked for what others left.
var swept sync.Map

// sweep removes the temporary folders of this user's runs that were killed.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir) // what it cannot read it leaves
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), folderPrefix) && strings.HasSuffix(e.Name(), lockSuffix) && e.Type().IsRegular() {
			abandoned(filepath.Join(dir, e.Name()))
		}
	}
}

// abandoned removes a folder whose lock nobody holds.
func abandoned(name string) {
	lock, err := os.OpenFile(name, os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer lock.Close()
	var is unix.Stat_t
	if unix.Fstat(int(lock.Fd()), &is) != nil || int(is.Uid) != os.Geteuid() || !holds(lock) {
		return
	}
	if os.RemoveAll(strings.TrimSuffix(name, lockSuffix)) == nil {
		os.Remove(name)
	}
}

// writeFiles writes the scenario's files into its temporary folder.
func (r *run) writeFiles(ctx context.Context) error {
	for _, f := range r.scenario.Files {
		data, err := f.Data.Bytes(r.outside(ctx))
		if err != nil {
			return fmt.Errorf("the file %s: %w", f.Name, err)
		}
		dir, err := r.tmp.path()
		if err != nil {
			return err
		}
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return fmt.Errorf("the file %s: %w", f.Name, err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			return fmt.Errorf("the file %s: %w", f.Name, err)
		}
	}
	return nil
}
