package sock

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// forks keeps closes and forks apart. A fork(2) copies all descriptors, and the
// copies stay open until the child's execve(2) has closed them: an end of a
// connection that is closed meanwhile sends no FIN, and a port stays in use.
var forks turnstile

// Forks is held by whoever makes a copy of this process, from before the fork
// until the copy has closed the descriptors that are not for it. While it is
// held no descriptor of a Group is closed. Several may hold it at once.
var Forks sync.Locker = &forks

// A turnstile lets through either forks or closes, any number of one kind at
// the same time: on a busy machine a fork takes long, because the copy waits
// for a processor, and those of other scenarios need not wait for that. Where
// both kinds want to pass they take turns.
type turnstile struct {
	mu     sync.Mutex
	inside [2]int             // of each kind
	queue  [2][]chan struct{} // of each kind, those that wait
}

// The kinds of a turnstile.
const (
	aFork = iota
	aClose
)

// Lock waits until a fork may pass.
func (t *turnstile) Lock() { t.enter(aFork) }

// Unlock ends what Lock has begun.
func (t *turnstile) Unlock() { t.leave(aFork) }

// RLock waits until a close may pass.
func (t *turnstile) RLock() { t.enter(aClose) }

// RUnlock ends what RLock has begun.
func (t *turnstile) RUnlock() { t.leave(aClose) }

func (t *turnstile) enter(kind int) {
	other := 1 - kind
	t.mu.Lock()
	if t.inside[other] == 0 && len(t.queue[other]) == 0 {
		t.inside[kind]++
		t.mu.Unlock()
		return
	}
	turn := make(chan struct{})
	t.queue[kind] = append(t.queue[kind], turn)
	t.mu.Unlock()
	<-turn
}

// leave lets all of the other kind pass that wait, once none of this kind is
// left.
func (t *turnstile) leave(kind int) {
	other := 1 - kind
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inside[kind]--; t.inside[kind] > 0 {
		return
	}
	for _, turn := range t.queue[other] {
		close(turn)
	}
	t.inside[other], t.queue[other] = len(t.queue[other]), nil
}

// CloseFD closes a descriptor that no Socket has, with no copy of it in a
// process that is being started.
func CloseFD(fd int) error {
	forks.RLock()
	defer forks.RUnlock()
	return unix.Close(fd)
}

// CloseReceived closes a descriptor that a call of the group has made and that
// no Socket has; one that a look with MSG_PEEK has made stays in the message.
// It returns the description that has lost a descriptor; nil where that is not
// one of the group's.
func (g *Group) CloseReceived(fd int, stays bool) *Description {
	desc := g.receivedDescription(fd, stays)
	forks.RLock()
	defer forks.RUnlock()
	sysClose(g.caller(), fd)
	return desc
}

// removalLook is how often a close that lingers is asked whether it has begun.
const removalLook = 50 * time.Microsecond

// closeApart makes a close(2) that may wait because of SO_LINGER (socket(7)).
// It is kept apart from forks only until the descriptor is gone from the table:
// from then on no fork copies it, and the wait may last.
func closeApart(fd int, closing func() syscall.Errno) syscall.Errno {
	forks.RLock()
	release := sync.OnceFunc(forks.RUnlock)
	var before unix.Stat_t
	if unix.Fstat(fd, &before) != nil {
		release()
		return closing()
	}
	closed := make(chan struct{})
	go func() {
		defer release()
		tick := time.NewTicker(removalLook)
		defer tick.Stop()
		for {
			var now unix.Stat_t
			if unix.Fstat(fd, &now) != nil || now.Ino != before.Ino || now.Dev != before.Dev {
				return // the number is free, or another's by now
			}
			select {
			case <-closed:
				return
			case <-tick.C:
			}
		}
	}()
	errno := closing()
	close(closed)
	release()
	return errno
}
