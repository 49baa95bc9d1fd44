//go:build amd64 || 386 || arm64

package bare

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A List is what a process does, one call after the other. It ends at the first
// one that fails.
type List struct{ calls []*Call }

// A Call is a system call, with what becomes of its result.
type Call struct {
	trap    uintptr
	args    [6]Arg
	result  *Value
	ignored syscall.Errno
	good    *Label // where the list goes on after a success; nil: at the next call
	bad     *Label // and after a failure; nil: it ends
	why     func(syscall.Errno) error
}

// An Arg is an argument of a call. The zero value is 0.
type Arg struct {
	number uintptr
	memory unsafe.Pointer // if it is one
	value  *Value         // if it is known only when the call is made
}

// A Value is the result of a call, such as a descriptor.
type Value int32

// A Label is a place in a list.
type Label struct{ at int }

// Num is a number.
func Num[T ~int | ~uint32 | ~uint64 | ~uintptr](n T) Arg { return Arg{number: uintptr(n)} }

// Text is a text that ends with a 0. It is empty where the text holds one.
func Text(s string) Arg {
	p, err := syscall.BytePtrFromString(s)
	if err != nil {
		p = new(byte)
	}
	return Arg{memory: unsafe.Pointer(p)}
}

// Memory is what the call reads or writes. This process does not see what is
// written.
func Memory[T any](p *T) Arg { return Arg{memory: unsafe.Pointer(p)} }

// Texts are a list of texts that ends with a nil, as execve(2) has it.
func Texts(list []string) (Arg, error) {
	p, err := syscall.SlicePtrFromStrings(list)
	if err != nil {
		return Arg{}, err
	}
	return Memory(unsafe.SliceData(p)), nil
}

// Arg is the value as an argument of a later call.
func (v *Value) Arg() Arg { return Arg{value: v} }

// Add adds a call. Its failure is reported as one of the call with this name.
func (l *List) Add(name string, trap uintptr, args ...Arg) *Call {
	c := &Call{trap: trap, why: func(errno syscall.Errno) error { return os.NewSyscallError(name, errno) }}
	copy(c.args[:], args)
	l.calls = append(l.calls, c)
	return c
}

// Same adds a test whether two places hold the same bytes, which fails where
// they do not.
func (l *List) Same(a, b *uint64) *Call {
	return l.Add("compare", compares, Memory(a), Memory(b))
}

// Close adds a call that closes a descriptor.
func (l *List) Close(fd *Value) { l.Add("close", unix.SYS_CLOSE, fd.Arg()) }

// Here puts a label before the next call.
func (l *List) Here(to *Label) { to.at = len(l.calls) }

// Wrap says more of the failures of the calls that f adds.
func (l *List) Wrap(wrap func(error) error, f func()) {
	from := len(l.calls)
	f()
	for _, c := range l.calls[from:] {
		why := c.why
		c.why = func(errno syscall.Errno) error { return wrap(why(errno)) }
	}
}

// Into keeps the result.
func (c *Call) Into(v *Value) *Call {
	c.result = v
	return c
}

// Ignore makes a success of a failure.
func (c *Call) Ignore(errno syscall.Errno) *Call {
	c.ignored = errno
	return c
}

// Then goes on at a label after a success.
func (c *Call) Then(to *Label) *Call {
	c.good = to
	return c
}

// Else goes on at a label after a failure.
func (c *Call) Else(to *Label) *Call {
	c.bad = to
	return c
}

// Why says how a failure is reported.
func (c *Call) Why(f func(syscall.Errno) error) *Call {
	c.why = f
	return c
}
