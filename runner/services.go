package runner

import (
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
)

var _ step.Services = (*run)(nil)

// Tmp implements [step.Services].
func (r *run) Tmp() (string, error) { return r.tmp.path() }

// FreePort implements [step.Services].
func (r *run) FreePort() (port int, err error) {
	r.network.Within(func() { port, err = r.ports.next() })
	return port, err
}

// Network implements [step.Services].
func (r *run) Network() step.Network { return r.hosts }

// Programs implements [step.Services].
func (r *run) Programs() *program.Programs { return r.programs }
