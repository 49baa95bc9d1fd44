package runner

import (
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
)

var _ step.Services = (*run)(nil)

// Tmp implements [step.Services].
func (r *run) Tmp() (string, error) { return r.tmp.path() }

// Folder implements [step.Services].
func (r *run) Folder() string { return r.tmp.soFar() }

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

// Programs implements [step.Services]. Who asks for them may start one, which
// may have to be ended in a hurry.
func (r *run) Programs() *program.Programs {
	r.hurries.Do(func() {
		if r.options.Hurry != nil {
			go r.hurry(r.hub.ctx)
		}
	})
	return r.programs
}
