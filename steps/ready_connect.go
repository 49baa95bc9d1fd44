package steps

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// connectProbe tries to connect.
type connectProbe struct {
	name string
	host string
	to   sock.Addr
}

func (v *readyWhen) connectProbe(t *step.Task, p *program.Program) (probe, error) {
	to, err := v.connect.Ask(t)
	t.KnownAddress(to)
	return &connectProbe{p.Name, p.Host, to.Addr}, err
}

func (q *connectProbe) missing() string {
	return fmt.Sprintf("%s does not accept connections at %s", q.name, q.to)
}

func (q *connectProbe) needsProgram() bool { return true }

func (q *connectProbe) ready(t *step.Task, pause time.Duration, last bool) (bool, error) {
	err := q.connected(t)
	if err == nil || step.IsTimeout(err) {
		return err == nil, err
	}
	return false, pauseUnless(t, last, pause)
}

// connected makes a connection and closes it again.
func (q *connectProbe) connected(t *step.Task) error {
	s, err := t.Actor.Run.Sockets.On(q.host).Open(q.to.Family, unix.SOCK_STREAM, 0, false)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Connect(sock.Wait{Deadline: t.Deadline}, q.to); err != nil {
		return err
	}
	if q.to.Port != 0 && s.Desc().Local() == s.Desc().Remote() {
		// Nobody listens: the kernel chose the very port, and the socket has
		// met itself.
		return unix.ECONNREFUSED
	}
	return nil
}

// pathProbe looks for a path.
type pathProbe struct{ name, path string }

func pathProbeOf(t *step.Task, p *program.Program, dir string, path *value.Text) (probe, error) {
	text, err := path.Eval(t)
	if !filepath.IsAbs(text) {
		text = filepath.Join(dir, text)
	}
	return &pathProbe{p.Name, text}, err
}

func (q *pathProbe) missing() string {
	return fmt.Sprintf("%s has not made %s", q.name, q.path)
}

func (q *pathProbe) needsProgram() bool { return false }

func (q *pathProbe) ready(t *step.Task, pause time.Duration, last bool) (bool, error) {
	if _, err := os.Lstat(q.path); err == nil {
		return true, nil
	}
	return false, pauseUnless(t, last, pause)
}
