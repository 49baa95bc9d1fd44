package runner

import (
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
)

var _ step.Services = (*run)(nil)

// Tmp implements [step.Services].
func (r *run) Tmp() (string, error) { return r.tmp.path() }

// FreePort implements [step.Services].
func (r *run) FreePort(host string) (port int, err error) {
	within := r.network.Within
	if h, ok := r.network.Host(host); ok {
		within = h.Within
	}
	within(func() { port, err = r.ports.next() })
	return port, err
}

// Network implements [step.Services].
func (r *run) Network() step.Network { return r.network }

// Programs implements [step.Services].
func (r *run) Programs() *program.Programs { return r.programs }
