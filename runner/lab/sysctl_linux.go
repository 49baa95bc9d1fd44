package lab

import (
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Sysctl is the value of a kernel parameter. Several values have one blank
// between them. Errors are a [SysctlError].
func (n *Network) Sysctl(name string) (value string, err error) {
	err = n.try(func() error {
		names, err := fullNames(name)
		if err != nil {
			return &SysctlError{Sysctl{Name: name}, true, err}
		}
		value, err = getSysctl(names[0])
		return err
	})
	return value, err
}

// SetSysctl sets a kernel parameter. A name without dots stands for those of
// conf.all and of each interface: arp_ignore for net.ipv4.conf.all.arp_ignore
// and so on. A parameter of the whole machine, and any in the network of this
// process, is put back by Close. Errors are a [SysctlError].
func (n *Network) SetSysctl(name, value string) error {
	return n.try(func() error {
		names, err := fullNames(name)
		if err != nil {
			return &SysctlError{Sysctl{name, value}, false, err}
		}
		for _, name := range names {
			if n.calls == nil || !strings.HasPrefix(sysctlPath(name), sysctlPath("net")+"/") {
				err = n.borrowed.set(name, value)
			} else {
				err = setSysctl(Sysctl{name, value})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// fullNames are the kernel parameters that a name means in the network of the
// calling thread: a short one is of IPv6 where only IPv6 has it.
func fullNames(name string) ([]string, error) {
	if strings.ContainsAny(name, "./") {
		return []string{name}, nil
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, family := range []string{"ipv4", "ipv6"} {
		folder := "net/" + family + "/conf/"
		if _, err := os.Stat(sysctlPath(folder + "all/" + name)); err != nil {
			continue
		}
		names := []string{folder + "all/" + name}
		for _, i := range interfaces {
			names = append(names, folder+i.Name+"/"+name)
		}
		return names, nil
	}
	return nil, unix.ENOENT
}

// getSysctl reads a kernel parameter in the network of the calling thread. A
// new network reads many: a file of package os would cost three times as many
// calls.
func getSysctl(name string) (string, error) {
	var text [mostSysctl]byte
	n, err := withSysctl(name, unix.O_RDONLY, func(fd int) (int, error) { return unix.Read(fd, text[:]) })
	if err != nil {
		return "", &SysctlError{Sysctl{Name: name}, true, err}
	}
	return strings.Join(strings.Fields(string(text[:n])), " "), nil
}

// mostSysctl is more than any parameter of a network has.
const mostSysctl = 4 << 10

// setSysctl sets a kernel parameter in the network of the calling thread. The
// error is a [SysctlError].
func setSysctl(s Sysctl) error {
	if _, err := withSysctl(s.Name, unix.O_WRONLY, func(fd int) (int, error) { return unix.Write(fd, []byte(s.Value+"\n")) }); err != nil {
		return &SysctlError{s, false, err}
	}
	return nil
}

// withSysctl makes one call with the file of a kernel parameter.
func withSysctl(name string, flags int, do func(fd int) (int, error)) (int, error) {
	fd, err := again(func() (int, error) { return unix.Open(sysctlPath(name), flags|unix.O_CLOEXEC, 0) })
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return again(func() (int, error) { return do(fd) })
}

// again repeats a call that a signal has interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}

// setThoseThatExist sets kernel parameters; a kernel without IPv6 lacks some.
func setThoseThatExist(list []Sysctl) error {
	for _, s := range list {
		if err := setSysctl(s); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}

// A borrowed is the set of kernel parameters that one [Network] has changed and
// puts back.
type borrowed struct{ names []string }

// original are the values that the parameters had before anybody changed them.
// The last one who has changed a parameter puts it back.
var original = struct {
	sync.Mutex
	values map[string]string
	users  map[string]int
}{values: make(map[string]string), users: make(map[string]int)}

func (b *borrowed) set(name, value string) error {
	path := sysctlPath(name)
	original.Lock()
	defer original.Unlock()
	before, err := os.ReadFile(path)
	if err == nil {
		err = setSysctl(Sysctl{name, value})
	}
	if err != nil {
		return err
	}
	if slices.Contains(b.names, name) {
		return nil
	}
	b.names = append(b.names, name)
	if original.users[path]++; original.users[path] == 1 {
		original.values[path] = strings.TrimSpace(string(before))
	}
	return nil
}

// putBack gives the parameters back, the last one first.
func (b *borrowed) putBack() error {
	original.Lock()
	defer original.Unlock()
	var errs []error
	for _, name := range slices.Backward(b.names) {
		path := sysctlPath(name)
		if original.users[path]--; original.users[path] > 0 {
			continue
		}
		errs = append(errs, setSysctl(Sysctl{name, original.values[path]}))
		delete(original.users, path)
		delete(original.values, path)
	}
	b.names = nil
	return errors.Join(errs...)
}
