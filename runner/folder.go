package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

// folder is the scenario's own temporary folder, made when first asked for.
type folder struct {
	mu   sync.Mutex
	name string
	kept bool
}

func (f *folder) path() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.name != "" {
		return f.name, nil
	}
	name, err := makeFolder()
	if err != nil {
		return "", fmt.Errorf("cannot make the temporary folder (set TMPDIR to one that can be written): %w", err)
	}
	f.name = name
	return name, nil
}

// makeFolder makes a folder whose name has always the same length: data that
// holds it has then the same length on every run.
func makeFolder() (string, error) {
	dir, err := filepath.Abs(os.TempDir()) // programs may run in other folders
	if err != nil {
		return "", err
	}
	for {
		name := filepath.Join(dir, fmt.Sprintf("sockscript-%08x", rand.Uint32()))
		if err := os.Mkdir(name, 0o700); !errors.Is(err, fs.ErrExist) {
			return name, err
		}
	}
}

// keep leaves the folder where it is, and says where; "" where there is none.
func (f *folder) keep() string {
	f.kept = true
	return f.name
}

func (f *folder) remove() error {
	if f.name == "" || f.kept {
		return nil
	}
	return os.RemoveAll(f.name)
}
