package sock

import (
	"sync"

	"golang.org/x/sys/unix"
)

// senders are the sends that wait in the poller for room on one description.
// When shutdown(2) ends the sending, the kernel wakes the sends that block, and
// these fail. The poller does not learn of it: a local socket without room is
// not ready to send.
type senders struct {
	mu      sync.Mutex
	waiting map[*direction]struct{}
}

// queue adds d, which waits, to the senders of its description. It is false
// where d is among them already, or receives.
func (d *direction) queue() bool {
	if d.reads || d.queued {
		return false
	}
	q := &d.socket.desc.senders
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == nil {
		q.waiting = make(map[*direction]struct{})
	}
	q.waiting[d] = struct{}{}
	d.queued = true
	return true
}

func (d *direction) unqueue() {
	if !d.queued {
		return
	}
	q := &d.socket.desc.senders
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.waiting, d)
	d.queued = false
}

// wake makes the sends that wait try again, after a shutdown(2).
func (q *senders) wake(how int) {
	if how == unix.SHUT_RD {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for d := range q.waiting {
		d.shut.Store(true)
		d.setDeadline(longAgo)
	}
}
