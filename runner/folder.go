package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sockscript/sockscript/runner/sweeper"
	"github.com/sockscript/sockscript/steps/sock"
)

// folder is the scenario's own temporary folder, made when first asked for.
type folder struct {
	mu      sync.Mutex
	name    string
	made    *sweeper.Folder // nil where it was kept
	sweeper *sweeper.Sweeper
}

func (f *folder) path() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.name != "" {
		return f.name, nil
	}
	if err := f.make(); err != nil {
		// The errno is not that of the step which asks for the folder.
		return "", fmt.Errorf("cannot make the temporary folder (set TMPDIR to one that can be written): %s", err)
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
		sweeper.Sweep(dir)
	}
	for f.made == nil {
		if f.made, err = f.sweeper.Make(dir, fmt.Sprintf("%08x", rand.Uint32())); err != nil {
			return err
		}
	}
	f.name = f.made.Name
	return nil
}

// swept are the folders in which this process has looked for what others left.
var swept sync.Map

// soFar is the folder; "" where nobody has asked for it yet.
func (f *folder) soFar() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.name
}

// holds reports whether a file is in the folder.
func (f *folder) holds(path string) bool {
	name := f.soFar()
	return name != "" && strings.HasPrefix(path, name+string(filepath.Separator))
}

// keep leaves the folder where it is, and says where; "" where there is none.
func (f *folder) keep() string {
	if f.made != nil {
		f.made.Keep()
		f.made = nil
	}
	return f.name
}

func (f *folder) remove() error {
	if f.made == nil {
		return nil
	}
	return f.made.Remove()
}

// handOver has a file of the run removed if this process ends before it could
// do so.
func (r *run) handOver(before sock.File) func(made *sock.File) {
	if r.tmp.holds(before.Path) { // it goes with the folder
		return func(*sock.File) {}
	}
	return r.sweeper.File(before)
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
