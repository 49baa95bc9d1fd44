package suite

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/source"
)

// A Memory knows which scenarios failed when they were last run. It is a file
// below the user's cache folder (see [os.UserCacheDir]), one for each working
// directory, so that nothing is written beside the scenarios.
type Memory struct {
	path   string
	failed map[scenarioID]bool
	seen   map[scenarioID]bool // what this run found: whether it failed
}

// A scenarioID distinguishes scenarios between runs.
type scenarioID struct {
	File     string `json:"file"` // absolute; that of a shipped one is its name alone
	Scenario string `json:"scenario"`
}

// remembered is what the file holds.
type remembered struct {
	Version int          `json:"version"`
	Failed  []scenarioID `json:"failed"`
}

// Recall reads which scenarios failed in the working directory. It is not an
// error if nothing has run there yet. It is an error if the user does not have
// a cache folder, or if the file cannot be read.
func Recall() (*Memory, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("there is no folder to remember failures in: %w", err)
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("cannot remember failures: %w", err)
	}
	sum := sha256.Sum256([]byte(dir))
	m := &Memory{
		path: filepath.Join(cache, "sockscript", "failed-"+hex.EncodeToString(sum[:8])+".json"),
		seen: make(map[scenarioID]bool),
	}
	m.failed, err = m.read()
	return m, err
}

func (m *Memory) read() (map[scenarioID]bool, error) {
	failed := make(map[scenarioID]bool)
	data, err := source.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return failed, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read which scenarios failed: %w", err)
	}
	var r remembered
	if err := json.Unmarshal(data, &r); err != nil || r.Version != 1 {
		return nil, fmt.Errorf("%s is not what sockscript has written; remove it", m.path)
	}
	for _, id := range r.Failed {
		failed[id] = true
	}
	return failed, nil
}

// Failed reports whether a scenario failed when it was last run.
func (m *Memory) Failed(c *Case) bool { return m.failed[idOf(c.File, c.Scenario.Name)] }

// Note remembers whether a scenario passed or failed. One that was skipped or
// interrupted stays what it was. So does one that is neither on disk nor
// shipped.
func (m *Memory) Note(c *Case, o *report.Outcome) {
	if c.File.data != nil && !c.File.Shipped {
		return // it has no file that could be found again
	}
	switch o.Status() {
	case history.Failed:
		m.seen[idOf(c.File, c.Scenario.Name)] = true
	case history.Passed:
		m.seen[idOf(c.File, c.Scenario.Name)] = false
	}
}

func idOf(f File, scenario string) scenarioID {
	if f.Shipped {
		return scenarioID{f.Path, scenario}
	}
	return scenarioID{absolute(f.Path), scenario}
}

// Save writes what was noted. Another run in the same directory may have
// written meanwhile: what it wrote of other scenarios is kept.
func (m *Memory) Save() error {
	failed, err := m.read()
	if err != nil {
		return err
	}
	changed := false
	for id, now := range m.seen {
		changed = changed || failed[id] != now
		if now {
			failed[id] = true
		} else {
			delete(failed, id)
		}
	}
	if !changed {
		return nil
	}
	r := remembered{Version: 1, Failed: []scenarioID{}}
	for id := range failed {
		r.Failed = append(r.Failed, id)
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.path), 0o700); err != nil {
		return fmt.Errorf("cannot remember which scenarios failed: %w", err)
	}
	return replaceFile(m.path, data)
}

// replaceFile writes a file beside another and puts it in its place.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
