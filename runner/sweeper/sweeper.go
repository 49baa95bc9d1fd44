package sweeper

import (
	"encoding/gob"
	"os"
	"sync"

	"github.com/sockscript/sockscript/steps/sock"
)

// A Sweeper removes the files of a run if this process ends before
// [Sweeper.Close]. Its methods may be called from any goroutine.
type Sweeper struct {
	run uint64 // its number; 0 before the first file
}

// helper is the process that does the work for all runs of this one. It starts
// with the first file, and ends when nobody uses it.
var helper struct {
	sync.Mutex
	users   int    // runs that have files, and who calls Hold
	runs    uint64 // so many have had files
	started bool
	pipe    *os.File // to the process; nil where there is none
	pid     int
	encoder *gob.Encoder
}

// An item is something to remove: a folder, which has a lock, or a file, of
// which there are two items. The first says what was at its path before it was
// made, the second what was made, if anything was. Done says that the run has
// removed all that was its own.
type item struct {
	Run    uint64
	Folder string
	Before *sock.File
	Path   string
	Made   *sock.File
	Done   bool
}

// Hold keeps the process, if a run starts it, until release is called: many
// runs need only one.
func Hold() (release func()) {
	helper.Lock()
	defer helper.Unlock()
	helper.users++
	return sync.OnceFunc(func() {
		helper.Lock()
		defer helper.Unlock()
		leave()
	})
}

// File hands over a file that the run is about to make, and says what is at its
// path: this process may be killed at any moment. What it returns is called
// with the file, or with nil where none was made.
func (s *Sweeper) File(before sock.File) (after func(made *sock.File)) {
	s.tell(item{Before: &before})
	return func(made *sock.File) { s.tell(item{Path: before.Path, Made: made}) }
}

// Close says that nothing of the run is left.
func (s *Sweeper) Close() {
	helper.Lock()
	defer helper.Unlock()
	if s.run == 0 {
		return
	}
	send(item{Run: s.run, Done: true})
	s.run = 0
	leave()
}

// tell says what is to be removed.
func (s *Sweeper) tell(i item) {
	helper.Lock()
	defer helper.Unlock()
	if s.run == 0 {
		helper.users++
		helper.runs++
		s.run = helper.runs
	}
	i.Run = s.run
	send(i)
}

// send writes to the process, and starts it if need be. Where it cannot start,
// or has been killed, a run does without: see [Sweep].
func send(i item) {
	if !helper.started {
		helper.started = true
		if start() == nil {
			helper.encoder = gob.NewEncoder(helper.pipe)
		}
	}
	if helper.encoder != nil {
		helper.encoder.Encode(i)
	}
}

// leave ends the process where nobody uses it any more.
func leave() {
	if helper.users--; helper.users == 0 {
		stop()
		helper.started, helper.pipe, helper.encoder = false, nil, nil
	}
}
