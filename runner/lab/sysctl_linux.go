package lab

import (
	"errors"
	"io/fs"
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

func getSysctl(name string) (string, error) {
	text, err := os.ReadFile(sysctlPath(name))
	if err != nil {
		return "", &SysctlError{Sysctl{Name: name}, true, cause(err)}
	}
	return strings.Join(strings.Fields(string(text)), " "), nil
}

// setSysctl sets a kernel parameter in the network of the calling thread. The
// error is a [SysctlError].
func setSysctl(s Sysctl) error {
	f, err := os.OpenFile(sysctlPath(s.Name), os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(s.Value + "\n")
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		return nil
	}
	return &SysctlError{s, false, cause(err)}
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

// cause is an error of a file without the file's name.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
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
