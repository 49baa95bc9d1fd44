package sweeper

import (
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
	s.tell(newItem(itemBefore, before))
	return func(made *sock.File) {
		if made == nil {
			s.tell(newItem(itemNone, before))
			return
		}
		s.tell(newItem(itemMade, *made))
	}
}

// Close says that nothing of the run is left.
func (s *Sweeper) Close() {
	helper.Lock()
	defer helper.Unlock()
	if s.run == 0 {
		return
	}
	send(item{itemHead: itemHead{Run: s.run, Kind: itemDone}})
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
		start()
	}
	if helper.pipe != nil {
		i.write(helper.pipe)
	}
}

// leave ends the process where nobody uses it any more.
func leave() {
	if helper.users--; helper.users == 0 {
		stop()
		helper.started, helper.pipe = false, nil
	}
}
