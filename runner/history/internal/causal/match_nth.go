package causal

import (
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
)

// certain are those of a list that come before a node in any case, where at
// least n of them do: without one of these there are less than n that do not
// come after it.
func (m *matcher) certain(i int, list []int, n int) []int {
	if m.inTurns(list) {
		if n > len(list) || m.candidates(i, list[n-1:n]) == nil {
			return nil
		}
		return list[n-1 : n]
	}
	left := m.candidates(i, list)
	if len(left) > mostPairs {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(left), func(x int) bool {
		others := 0
		for _, c := range left {
			if c != x && !m.precedes(x, c) {
				others++
			}
		}
		return others >= n
	})
}

// inTurns reports whether all events of a list are of one branch, in its order.
func (m *matcher) inTurns(list []int) bool {
	for k := 1; k < len(list); k++ {
		if m.g.Nodes[list[k]].Branch != m.g.Nodes[list[0]].Branch || list[k] < list[k-1] {
			return false
		}
	}
	return true
}

// earlier is how many of a list are known to come before a node.
func (m *matcher) earlier(i int, list []int) int {
	n := 0
	for _, c := range list {
		if c != i && m.precedes(c, i) {
			n++
		}
	}
	return n
}

// failedSo is how many calls on a socket have failed in the same way before.
func (m *matcher) failedSo(i int, id uint64, errno syscall.Errno) int {
	var list []int
	for _, c := range m.of(id).fails {
		if m.event(c).Errno == errno {
			list = append(list, c)
		}
	}
	return m.earlier(i, list)
}

// urges makes a receive with MSG_OOB, or a poll that has seen its byte, come
// after the send of the byte: the urgent byte goes before those in line. Each
// receive takes another one.
func (m *matcher) urges(i int, id uint64) {
	var taken []int
	for _, j := range m.of(id).recvs {
		if m.event(j).Urgent {
			taken = append(taken, j)
		}
	}
	m.causes(i, m.certain(i, m.of(m.peer[id]).urgent, 1+m.earlier(i, taken)))
}

// reports makes a look into the error queue come after the send that it is
// about: one of the socket's own, and another one than those of the looks
// before.
func (m *matcher) reports(i int, e *event.Event) {
	alike := func(by *event.Event) bool {
		return len(e.Sums) == 1 && len(by.Sums) == 1 && by.Sums[0].Sum == e.Sums[0].Sum
	}
	var same, looks []int
	for _, j := range m.of(e.Sock).sends {
		if alike(m.event(j)) {
			same = append(same, j)
		}
	}
	for _, j := range m.of(e.Sock).looks {
		if alike(m.event(j)) {
			looks = append(looks, j)
		}
	}
	if len(same) == 0 {
		same = m.of(e.Sock).sends
	}
	m.causes(i, m.certain(i, same, 1+m.earlier(i, looks)))
}

// undelivered makes a receive that fails because nobody was there come after
// the send that has found nobody: one that no receive took, and which in one
// network has not ended before all of them were closed.
func (m *matcher) undelivered(i int, e *event.Event, closes []int) {
	arrived := m.arrived()
	var list, later []int
	for _, j := range m.of(e.Sock).sends {
		if m.event(j).Errno != 0 || arrived[j] {
			continue
		}
		list = append(list, j)
		if hostOf(e) != "" || !slices.ContainsFunc(closes, func(c int) bool { return m.precedes(j, c) }) {
			later = append(later, j)
		}
	}
	if len(later) > 0 {
		list = later
	}
	m.causes(i, m.certain(i, list, 1+m.failedSo(i, e.Sock, unix.ECONNREFUSED)))
}

// arrived are the sends of which a receive has taken a message.
func (m *matcher) arrived() map[int]bool {
	all := m.messages()
	if all.arrived == nil {
		all.arrived = make(map[int]bool)
		for _, x := range all.all.list {
			if x.gone() {
				all.arrived[x.node] = true
			}
		}
	}
	return all.arrived
}
