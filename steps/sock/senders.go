package sock

import (
	"sync"

	"golang.org/x/sys/unix"
)

// senders are the sends that wait in the poller for room on one description.
// When shutdown(2) ends the sending, or the receiving of a local socket's peer,
// the kernel wakes the sends that block, and these fail. The poller does not
// learn of it: a local socket without room is not ready to send.
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

// wakeSenders makes the sends try again that a shutdown(2) of the socket has
// ended: its own, and those of a local socket's peer. The kernel does not wake
// those that send datagrams to another socket.
func (s *Socket) wakeSenders(how int) {
	if how != unix.SHUT_RD {
		s.desc.senders.wake()
	}
	if how != unix.SHUT_WR && s.family == unix.AF_UNIX && s.typ != unix.SOCK_DGRAM {
		for _, peer := range s.group.peersOf(s.desc) {
			peer.senders.wake()
		}
	}
}

// peersOf are the descriptions of the other end of a local connection.
func (g *Group) peersOf(d *Description) []*Description {
	var list []*Description
	g.mu.Lock()
	defer g.mu.Unlock()
	for s := range g.open {
		if p := s.desc; p.Inode() != 0 && (p.Inode() == d.PeerInode() || p.PeerInode() == d.Inode()) {
			list = append(list, p)
		}
	}
	return list
}

// wake makes the sends that wait try again.
func (q *senders) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for d := range q.waiting {
		d.shut.Store(true)
		d.setDeadline(longAgo)
	}
}
