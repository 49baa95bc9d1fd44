//go:build amd64 || 386 || arm64

package forked

import (
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Action sets what the process does when a signal comes (sigaction(2)). Restart
// is SA_RESTART: a call that the signal interrupts goes on.
func (p *Process) Action(sig syscall.Signal, h Handler, restart bool) syscall.Errno {
	var act action
	switch h {
	case Ignore:
		act.handler = ignoreSignal
	case Count:
		act.handler, act.restorer = handlers()
		act.flags = handlerFlags
	}
	if restart {
		act.flags |= saRestart
	}
	_, errno := p.Call(Wait{}, unix.SYS_RT_SIGACTION, Num(int(sig)), In(Bytes(&act)), Num(0), Num(maskSize))
	switch bit := uint64(1) << (sig - 1); {
	case errno != 0:
	case h == Count:
		p.handled.Or(bit)
	default:
		p.handled.And(^bit)
	}
	return errno
}

// Handled are the signals that the process's handler counts: bit 0 is signal 1.
func (p *Process) Handled() uint64 { return p.handled.Load() }

// Caught is how often the process's handler has counted a signal. One that has
// come before is counted.
func (p *Process) Caught(sig syscall.Signal) (int, syscall.Errno) {
	if _, errno := p.Call(Wait{}, unix.SYS_GETPID); errno != 0 {
		return 0, errno
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, t := range p.threads {
		n += int(atomic.LoadUint32(&t.box().caught()[sig]))
	}
	return n, 0
}

// Block sets which signals the process blocks. Those that have waited come
// before its next call.
func (p *Process) Block(mask uint64) syscall.Errno {
	p.mask.Store(mask)
	_, errno := p.Call(Wait{}, unix.SYS_GETPID)
	return errno
}

// Blocked are the signals that the process blocks: bit 0 is signal 1.
func (p *Process) Blocked() uint64 { return p.mask.Load() }
