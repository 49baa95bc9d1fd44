package runner

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/handle"
)

// ownStreams are the handles of sockscript's own standard input and output.
type ownStreams struct {
	mu      sync.Mutex
	handles map[string]*handle.Handle
}

// Stdio implements [step.Services]. The file is shared with whoever started
// sockscript, so its O_NONBLOCK is left alone.
func (r *run) Stdio(name string) (*handle.Handle, error) {
	r.streams.mu.Lock()
	defer r.streams.mu.Unlock()
	if h := r.streams.handles[name]; h != nil {
		return h, nil
	}
	if ask := r.options.Stdio; ask != nil {
		if err := ask(name); err != nil {
			return nil, err
		}
	}
	file := map[string]*os.File{"stdin": os.Stdin, "stdout": os.Stdout}[name]
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	s, err := r.shared.Sockets.Adopt(fd)
	if err != nil {
		return nil, err
	}
	if r.streams.handles == nil {
		r.streams.handles = make(map[string]*handle.Handle)
	}
	r.streams.handles[name] = &handle.Handle{Name: name, Sock: s}
	return r.streams.handles[name], nil
}
