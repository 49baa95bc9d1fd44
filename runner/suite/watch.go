package suite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/fsnotify/fsnotify"
)

// A Watcher says which files change in the folders of scenarios. It watches
// folders, not files: an editor that writes a new file and renames it over the
// old one is seen as one that writes into it.
type Watcher struct {
	// Quiet is how long nothing must happen before a change is reported, so
	// that what belongs together is reported together; default: 50ms.
	Quiet time.Duration

	names   []string
	notify  *fsnotify.Watcher
	folders []string
	seen    map[string]stamp // by path
}

// A stamp distinguishes two states of a file: of scenarios and golden files by
// what they hold, of all others by size and time.
type stamp struct {
	content  [sha256.Size]byte
	size     int64
	modified int64
}

// A Change says which files have changed since the last Change.
type Change struct {
	Changed []string // files that are new or have another content, sorted
	Gone    []string // files that were removed, sorted
}

// Watch begins to watch files, directories and patterns, as [Find] takes them.
// A pattern need not match anything yet. The name of a shipped scenario is an
// error, because it does not change. [Watcher.Close] must be called at the end.
func Watch(names []string) (*Watcher, error) {
	for _, name := range names {
		_, err := os.Stat(name)
		if err != nil && !isPattern(name) {
			return nil, fmt.Errorf("cannot watch: %w", err)
		}
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("cannot watch files: %w", err)
	}
	w := &Watcher{Quiet: 50 * time.Millisecond, names: names, notify: notify}
	if err := w.follow(); err != nil {
		return nil, errors.Join(err, notify.Close())
	}
	w.seen = w.scan()
	return w, nil
}

// Close ends the watching. [Watcher.Next] must not be called after it.
func (w *Watcher) Close() error { return w.notify.Close() }

// Files returns the scenario files that there are now. A name for which there
// is none at the moment is left out.
func (w *Watcher) Files() []File {
	var files []File
	for _, name := range w.names {
		// A name that stands for nothing just now may do so again.
		found, _ := Find([]string{name}, nil)
		for _, f := range found {
			same := func(g File) bool { return absolute(f.Path) == absolute(g.Path) }
			if !f.Shipped && !slices.ContainsFunc(files, same) {
				files = append(files, f)
			}
		}
	}
	return files
}

// Next waits for the next change. When ctx is cancelled, it returns the cause
// ([context.Cause]).
func (w *Watcher) Next(ctx context.Context) (Change, error) {
	for {
		if err := w.await(ctx); err != nil {
			return Change{}, err
		}
		if err := w.follow(); err != nil {
			return Change{}, err
		}
		now := w.scan()
		c := difference(w.seen, now)
		w.seen = now
		if len(c.Changed)+len(c.Gone) > 0 {
			return c, nil
		}
	}
}

// Settle is called after a run. Files that the run has written are then not
// reported as changes, except scenarios and golden files.
func (w *Watcher) Settle() {
	for path, s := range w.scan() {
		if before, known := w.seen[path]; !kept(path) && (!known || s != before) {
			w.seen[path] = s
		}
	}
	maps.DeleteFunc(w.seen, func(path string, _ stamp) bool {
		_, err := os.Lstat(path)
		return err != nil && !kept(path)
	})
}

// await waits until something happens, and then until nothing does.
func (w *Watcher) await(ctx context.Context) error {
	var quiet, late <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-w.notify.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("cannot watch files: %w", err)
			}
			quiet = time.After(w.Quiet)
		case e := <-w.notify.Events:
			if e.Op == fsnotify.Chmod {
				continue
			}
			quiet = time.After(w.Quiet)
			if late == nil {
				late = time.After(20 * w.Quiet)
			}
		case <-quiet:
			return nil
		case <-late: // a file that is written to all the time
			return nil
		}
	}
}

// follow watches the folders, with those that are new.
func (w *Watcher) follow() error {
	w.folders = w.find()
	for _, dir := range w.folders {
		err := w.notify.Add(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot watch %s (on Linux fs.inotify.max_user_watches bounds how much can be watched): %w", dir, err)
		}
	}
	return nil
}

// find lists the folders that the names lead to.
func (w *Watcher) find() []string {
	var folders []string
	for _, name := range w.names {
		info, err := os.Stat(name)
		switch {
		case err == nil && info.IsDir():
			folders = append(folders, below(name)...)
		case err != nil && isPattern(name):
			base, _ := doublestar.SplitPattern(filepath.ToSlash(name))
			folders = append(folders, below(filepath.FromSlash(base))...)
		default:
			folders = append(folders, filepath.Dir(name))
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

func isPattern(name string) bool { return strings.ContainsAny(name, "*?[{") }

// below lists a directory and those in it, but for hidden ones.
func below(root string) []string {
	var dirs []string
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
		case path != root && hidden(d.Name()):
			return filepath.SkipDir
		default:
			dirs = append(dirs, path)
		}
		return nil
	})
	return dirs
}

// scan takes the stamps of the files in the folders.
func (w *Watcher) scan() map[string]stamp {
	stamps := make(map[string]stamp)
	for _, dir := range w.folders {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if s, ok := stampOf(path); ok {
				stamps[path] = s
			}
		}
	}
	return stamps
}

// kept reports whether a file is one that people write: a scenario or a golden
// file.
func kept(path string) bool { return isScenario(path) || filepath.Ext(path) == goldenExt }

func stampOf(path string) (stamp, bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return stamp{}, false
	}
	if !kept(path) {
		return stamp{size: info.Size(), modified: info.ModTime().UnixNano()}, true
	}
	data, err := os.ReadFile(path)
	return stamp{content: sha256.Sum256(data)}, err == nil
}

func difference(before, now map[string]stamp) Change {
	var c Change
	for path, s := range now {
		if old, known := before[path]; !known || old != s {
			c.Changed = append(c.Changed, path)
		}
	}
	for path := range before {
		if _, there := now[path]; !there {
			c.Gone = append(c.Gone, path)
		}
	}
	slices.Sort(c.Changed)
	slices.Sort(c.Gone)
	return c
}

// Affected returns the cases that depend on one of the paths: their file, their
// golden file, a file that they include, or one that their file names.
func Affected(cases []*Case, paths []string) []*Case {
	var affected []*Case
	for _, c := range cases {
		if slices.ContainsFunc(paths, c.dependsOn) {
			affected = append(affected, c)
		}
	}
	return affected
}

func (c *Case) dependsOn(path string) bool {
	if c.File.data != nil {
		return false
	}
	switch abs := absolute(path); {
	case abs == absolute(c.File.Path), abs == absolute(c.GoldenPath()):
		return true
	case slices.ContainsFunc(c.Scenario.IncludedFiles(), func(file string) bool { return absolute(file) == abs }):
		return true
	case kept(path):
		return false
	}
	text, err := os.ReadFile(c.File.Path)
	return err == nil && bytes.Contains(text, []byte(filepath.Base(path)))
}
