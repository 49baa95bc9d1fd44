package sweeper

import (
	"encoding/gob"
	"os"
	"sync"

	"github.com/sockscript/sockscript/steps/sock"
)

// A Sweeper removes the files of a run if this process ends before
// [Sweeper.Close]. Its own process starts with the first file. Its methods may
// be called from any goroutine.
type Sweeper struct {
	mu      sync.Mutex
	started bool
	pipe    *os.File // to the process; nil where there is none
	pid     int
	encoder *gob.Encoder
}

// An item is something to remove: a folder, which has a lock, or a file.
type item struct {
	Folder string
	File   sock.File
}

// File hands over a file of the run.
func (s *Sweeper) File(f sock.File) { s.tell(item{File: f}) }

// tell says what is to be removed. Where the process cannot start, or has been
// killed, a run does without: see [Sweep].
func (s *Sweeper) tell(i item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		s.started = true
		if s.start() == nil {
			s.encoder = gob.NewEncoder(s.pipe)
		}
	}
	if s.encoder != nil {
		s.encoder.Encode(i)
	}
}
