//go:build amd64 || 386 || arm64

package forked

import (
	"syscall"
	"unsafe"
)

// IDs are the user and the group that a process is to be, real, effective and
// saved, and its further groups. What is nil stays.
type IDs struct {
	User, Group *uint32
	Groups      []uint32
}

// SetIDs changes the ids of the process, its groups first. The kernel has them
// for each thread, so each one changes its own (nptl(7)).
func (p *Process) SetIDs(ids IDs) syscall.Errno {
	if ids.Groups != nil {
		list := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(ids.Groups))), 4*len(ids.Groups))
		if errno := p.onEach(trapSetgroups, Num(len(ids.Groups)), In(list)); errno != 0 {
			return errno
		}
	}
	if id := ids.Group; id != nil {
		if errno := p.onEach(trapSetresgid, Num(*id), Num(*id), Num(*id)); errno != 0 {
			return errno
		}
	}
	if id := ids.User; id != nil {
		return p.onEach(trapSetresuid, Num(*id), Num(*id), Num(*id))
	}
	return 0
}

// onEach makes a call on every thread; on one that is in a call, before its
// next one. The first thread decides whether it succeeds.
func (p *Process) onEach(trap uintptr, ops ...Operand) syscall.Errno {
	first := p.take()
	if first == nil {
		return Died
	}
	defer p.give(first)
	first.catchUp()
	if _, errno := first.call(Wait{}, trap, ops); errno != 0 {
		return errno
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.threads {
		if t != first {
			t.before = append(t.before, func() { t.call(Wait{}, trap, ops) })
		}
	}
	return 0
}
