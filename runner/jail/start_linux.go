//go:build amd64 || 386 || arm64

package jail

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner/jail/bare"
	"github.com/sockscript/sockscript/runner/lab"
	"github.com/sockscript/sockscript/runner/remote"
	"github.com/sockscript/sockscript/steps/sock"
)

// capabilities are those that a network of one's own needs, and what root may
// do in one.
var capabilities = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_NET_RAW, unix.CAP_NET_BIND_SERVICE}

// without is a layer that tests leave out.
var without string

// Missing are the layers that cannot be had here. It tries once.
var Missing = sync.OnceValue(func() []Lack {
	p, lacks, err := start(Config{BestEffort: true})
	if err != nil {
		return []Lack{{"sandbox", err.Error(), offRemedy}}
	}
	p.Close()
	return lacks
})

// start starts a copy of this process in a jail. Layers that are missing are an
// error unless the config says otherwise.
func start(c Config) (*remote.Process, []Lack, error) {
	o, err := newOrders(c)
	if err != nil {
		return nil, nil, err
	}
	s := &starting{orders: o}
	lacks, err := s.begin()
	if err == nil && len(lacks) > 0 && !c.BestEffort {
		err = &MissingError{lacks}
	}
	if err != nil {
		s.end()
		return nil, nil, err
	}
	if c.BestEffort {
		return remote.New(s.conn, s.end), lacks, nil
	}
	return remote.New(leash{s.conn, s.child}, s.end), nil, nil
}

// A leash is the connection to the process of a whole jail, which is killed
// with all that is in it when the connection is closed: the kernel removes the
// rest.
type leash struct {
	*os.File
	child *child
}

// Close implements [io.Closer].
func (l leash) Close() error {
	l.child.kill()
	return l.File.Close()
}

// newOrders says of the paths where they are.
func newOrders(c Config) (orders, error) {
	o := orders{Config: c, Without: without}
	var err error
	if o.Folder, err = os.Getwd(); err != nil {
		return o, err
	}
	add := func(path string, write bool) {
		if path, err = filepath.Abs(path); err != nil {
			return
		}
		o.Parts = append(o.Parts, part{Path: path, Write: write})
		if r := real(path); r != path {
			o.Parts = append(o.Parts, part{Path: r, Write: write})
		}
	}
	if c.Dir != "" {
		add(c.Dir, false)
	}
	for _, path := range c.Read {
		add(path, false)
	}
	for _, path := range c.Write {
		add(path, true)
	}
	if slices.ContainsFunc(o.Parts, func(p part) bool { return p.Path == "/" }) {
		err = errors.New("a sandbox cannot open the whole file system to a scenario: move the scenario, or allow single folders")
	}
	if !c.HostNetwork {
		o.Network = lab.Inherited()
	}
	o.Temp = o.temporary()
	return o, err
}

// temporary is where the jail has its temporary files: a folder that holds
// nothing else, and whose path is as long as the usual one.
func (o *orders) temporary() string {
	for _, path := range []string{"/tmp", "/run", "/mnt", "/srv", "/opt"} {
		holds := func(p part) bool { return strings.HasPrefix(p.Path+"/", path+"/") }
		if !slices.ContainsFunc(o.Parts, holds) && !holds(part{Path: o.Folder}) {
			return path
		}
	}
	return "/sandbox"
}

// real is where a path leads.
func real(path string) string {
	if r, err := filepath.EvalSymlinks(path); err == nil {
		return r
	}
	return path
}

// A starting is a process that is being put into a jail.
type starting struct {
	orders orders
	conn   *os.File
	said   bytes.Buffer // on its standard error
	spoken chan struct{}
	child  *child
	ended  sync.Once
	state  error
}

// begin starts the process and hears what it has to say.
func (s *starting) begin() ([]Lack, error) {
	o := &s.orders
	if err := s.makeSpare(); err != nil {
		return nil, err
	}
	o.Environ = s.environment()
	o.Users = isRoot() && hasStrangers()
	o.tryLandlock()
	for len(o.lacks) == 0 || o.BestEffort {
		err := s.run()
		refused := new(refusal)
		if err == nil {
			return s.hear()
		}
		if !errors.As(err, &refused) || !o.has(refused.layer) {
			return nil, fmt.Errorf("the process for the sandbox cannot be started: %w", err)
		}
		o.refuse(refused)
	}
	return o.lacks, nil
}

// refuse notes the layer that cannot be had because the kernel refuses a call.
func (o *orders) refuse(r *refusal) {
	o.refused = append(o.refused, r.layer)
	switch {
	case r.layer == namespaces:
		o.lack(r.layer, fmt.Errorf("the kernel makes none for this user (%w)", r.errno), namespaceRemedy())
	case r.layer == landLock:
		o.lack(r.layer, r, landlockRemedy)
	case r.errno == unix.ENOSYS:
		o.lack(r.layer, r, "run Linux 6.12 or later"+orLess)
	default:
		o.lack(r.layer, r, namespaceRemedy())
	}
}

// hear hears the first answer of the process.
func (s *starting) hear() ([]Lack, error) {
	var r answer
	line, err := bufio.NewReader(s.conn).ReadBytes('\n') // it says no more before it is asked
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err != nil {
		return nil, fmt.Errorf("the process in the sandbox has ended: %w", errors.Join(s.end(), err))
	}
	if r.Err != "" {
		return nil, errors.New(r.Err)
	}
	if len(r.Lacks) == 0 && s.orders.has(files) {
		s.removeSpare() // it has files of its own
	}
	return r.Lacks, nil
}

// isRefused reports an error of the kernel that makes no namespaces.
func isRefused(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EINVAL) ||
		errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EUSERS) || errors.Is(err, unix.ENOSYS)
}

// run starts the process. Of what this one has it gets only one end of a
// connection.
func (s *starting) run() (err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socketpair", err)
	}
	unix.SetNonblock(fds[0], true)
	s.conn = os.NewFile(uintptr(fds[0]), "connection")
	defer func() {
		if err != nil {
			s.conn.Close()
		}
	}()
	theirs := os.NewFile(uintptr(fds[1]), "connection")
	defer theirs.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	said, theirSaid, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirSaid.Close()
	given := []*os.File{s.stream("stdin", null), s.stream("stdout", null), theirSaid, theirs}
	if err = s.start(given); err != nil {
		said.Close()
		return err
	}
	s.spoken = make(chan struct{})
	go func() {
		defer close(s.spoken)
		defer said.Close()
		io.Copy(&s.said, io.LimitReader(said, mostSaid))
		io.Copy(io.Discard, said)
	}()
	return nil
}

// start starts the process with the files that it is given.
func (s *starting) start(given []*os.File) error {
	trees, err := s.orders.openTrees()
	for _, f := range trees {
		defer f.Close()
	}
	if err != nil {
		return err
	}
	plan, err := newPlan(s.orders)
	if err != nil {
		return err
	}
	start := bare.Start{
		Flags: s.orders.flags(), Files: slices.Concat(given, trees), Kept: len(given), Forks: sock.Forks, Before: s.orders.writeIDs,
	}
	process, err := start.Process(&plan.List)
	if errno := syscall.Errno(0); errors.As(err, &errno) && isRefused(err) {
		return &refusal{namespaces, "clone", errno}
	}
	if err != nil {
		return err
	}
	if err := process.Executed(); err != nil {
		return err
	}
	s.child = &child{pid: process.Pid}
	return nil
}

// rootIsNobody is a user namespace whose root is nobody outside. Only its ids
// are of use.
var rootIsNobody = sync.OnceValues(func() (fd int, err error) {
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: nobody, Size: 1}}
	start := bare.Start{Flags: unix.CLONE_NEWUSER, Forks: sock.Forks, Before: func(pid int) error {
		if err := bare.WriteIDs(pid, ids, ids, true); err != nil {
			return err
		}
		fd, err = unix.Open(fmt.Sprintf("/proc/%d/ns/user", pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	}}
	process, err := start.Process(new(bare.List))
	if err != nil {
		return 0, err
	}
	defer (&child{pid: process.Pid}).wait()
	return fd, process.Executed()
})

// mostSaid bounds what is kept of the process's standard error.
const mostSaid = 4 << 10

// searchPath is where programs are looked for in the jail.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment is that of the process, once it is locked in.
func (s *starting) environment() []string {
	env := []string{"PATH=" + searchPath, "LANG=C.UTF-8", "TMPDIR=" + s.orders.Temp}
	for _, name := range s.orders.Env {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// makeSpare makes a folder for temporary files, for a process that cannot make
// one of its own.
func (s *starting) makeSpare() (err error) {
	if !s.orders.BestEffort || s.orders.Spare != "" {
		return nil
	}
	if s.orders.Spare, err = os.MkdirTemp("", "sockscript-"); err == nil && isRoot() {
		err = os.Chown(s.orders.Spare, nobody, nobody)
	}
	return err
}

// endsWithin is how long the process may take to end in good order.
const endsWithin = 10 * time.Second

// end closes the connection and waits for the end of the process. The error is
// what it has said that nobody expected.
func (s *starting) end() error {
	s.ended.Do(func() {
		if s.child != nil {
			s.conn.Close()
			late := time.AfterFunc(endsWithin, s.child.kill)
			defer late.Stop()
			how, err := s.child.wait()
			<-s.spoken
			switch said := strings.TrimSpace(s.said.String()); {
			case said != "":
				s.state = errors.New(said)
			case err != nil:
				s.state = err
			case how.Signaled():
				s.state = fmt.Errorf("it was killed by %s", unix.SignalName(how.Signal()))
			case how.ExitStatus() != 0:
				s.state = fmt.Errorf("its exit status is %d", how.ExitStatus())
			}
		}
		s.removeSpare()
	})
	return s.state
}

func (s *starting) removeSpare() {
	if s.orders.Spare != "" {
		os.RemoveAll(s.orders.Spare)
		s.orders.Spare = ""
	}
}
