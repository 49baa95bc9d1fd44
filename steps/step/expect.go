package step

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// Expect is what a step must give, beside what its kind binds: an errno, and
// how long it may take.
type Expect struct {
	Node  *source.Node
	Error value.Errnos
	Took  value.Compare
}

// Given reports whether the step has an expectation at all.
func (x *Expect) Given() bool { return x.Node != nil }

// bindings are the keys of `expect` that every kind has.
func (x *Expect) bindings() []*value.Param {
	x.Took.Unit = value.TimeUnit
	return []*value.Param{
		{Key: "error", Value: &x.Error, Help: "the errno that the call must fail with, or a list of errnos that are possible; 0 in the list allows success; as then names the errno: ${e.name}, ${e.message}, ${e.number}, and of a send ${e.count}, the bytes that went before it"},
		{Key: "took", Value: &x.Took, Help: "how long the step may take, counted from its call, such as 150ms..400ms or \">=1s\""},
	}
}

// decode reads `expect` for a step whose kind has the parameters p.
func (x *Expect) decode(d *value.Decoder, n *source.Node, kind *Kind, p *Params) {
	x.Node = n
	if n.Kind != source.Map {
		if p.Short == nil {
			pr := d.Problem(n, "expect of %s is a mapping, not %s", kind.Name, n.Describe())
			pr.Hint = "write {error: ERRNO} or another of its keys: see the reference of " + kind.Name
			if p.Others != nil {
				pr.Hint = "write " + p.Others.Help
			}
			return
		}
		d.Field(shortExpect, p.Short.Value, n)
		return
	}
	whole := n
	params := append(x.bindings(), p.Expect...)
	if p.Others != nil {
		n = p.others(d, n, params)
	}
	d.Fields(underExpect, n, params, "expect of "+kind.Name)
	x.onlyError(d, whole)
}

// onlyError reports what is expected beside an error: a call that fails gives
// nothing else.
func (x *Expect) onlyError(d *value.Decoder, n *source.Node) {
	if !x.Error.Given() || x.Error.Has("0") {
		return
	}
	for _, e := range n.Entries {
		if e.Key.Text != "error" && e.Key.Text != "took" {
			d.Problem(e.Key, "a step that must fail has no %s", e.Key.Text).Hint = "leave it out, or leave error out"
		}
	}
}

// others hands the keys that are bound nowhere to the value that takes them,
// and returns the mapping without them.
func (p *Params) others(d *value.Decoder, n *source.Node, params []*value.Param) *source.Node {
	known, rest := *n, *n
	known.Entries, rest.Entries = nil, nil
	for _, e := range n.Entries {
		if value.FindParam(params, e.Key.Text) != nil {
			known.Entries = append(known.Entries, e)
		} else {
			rest.Entries = append(rest.Entries, e)
		}
	}
	if len(rest.Entries) > 0 || len(known.Entries) == 0 {
		d.Field(underExpect, p.Others.Value, &rest)
	}
	return &known
}

// Partly is an errno of a step that had done a part of its work before.
type Partly struct {
	Err   error
	Count int // the bytes that went
	Shown any // how the transcript shows them
}

// Error is the errno's own text.
func (e *Partly) Error() string { return e.Err.Error() }

// Unwrap is the errno.
func (e *Partly) Unwrap() error { return e.Err }

// doneBefore is what a step had done before its error; nothing where that is
// not said.
func doneBefore(err error) *Partly {
	var partly *Partly
	if errors.As(err, &partly) {
		return partly
	}
	return new(Partly)
}

// shown is what the transcript shows before the errno. Behind an EAGAIN the
// rest can be sent; behind any other errno nobody knows what has arrived.
func (e *Partly) shown(errno syscall.Errno) []any {
	if e.Shown == nil || errno != syscall.EAGAIN {
		return nil
	}
	return []any{e.Shown}
}

// hints say what helps against an errno that a scenario did not expect,
// whatever the call. What is special to a call, its kind declares.
var hints = map[syscall.Errno]string{
	syscall.EADDRINUSE: "another socket has this address",
	syscall.EACCES:     "a privilege or a permission is missing",
	syscall.EPERM:      "a privilege is missing: run as root, or write requires: root",
	syscall.EMFILE:     "this process may open no more descriptors: raise the limit with ulimit -n",
	syscall.ENFILE:     "the system has no descriptors left",
	syscall.ENOSPC:     "the disk is full",
	syscall.EROFS:      "the file system is read-only",
}

// hintOf is what helps against an unexpected error of a call with these
// arguments; "" where the errno says all there is.
func hintOf(k *Kind, err error, args []any, errno syscall.Errno) string {
	var known *value.HintedError
	if errors.As(err, &known) && known.Hint != "" {
		return known.Hint
	}
	var to sock.Addr
	for _, arg := range args {
		if asked, ok := arg.(event.Asked); ok {
			to = asked.Addr
		}
	}
	if text := addressHint(to, errno); text != "" {
		return text
	}
	if k.Hint != nil {
		if text := k.Hint(errno, to); text != "" {
			return text
		}
	}
	return hints[errno]
}

// maxPath is the size of sun_path, 108 bytes on Linux.
const maxPath = len(unix.RawSockaddrUnix{}.Path)

// LoDown and NoPorts are hints that several kinds have.
const (
	LoDown  = "the interface lo is down, as it is in every new network namespace: ip link set lo up"
	NoPorts = "every port that the kernel may choose is taken: net.ipv4.ip_local_port_range says which those are"
)

// addressHint is what helps where the address says more than the errno does, in
// any call.
func addressHint(to sock.Addr, errno syscall.Errno) string {
	switch {
	case errno == syscall.ENETUNREACH && to.IP.IsLoopback():
		return LoDown
	case errno == syscall.EINVAL && len(to.Path) > maxPath:
		return fmt.Sprintf("the path has %d bytes, and the path of a socket has at most %d (unix(7)): use a shorter one; the length of a path in ${tmp} depends on TMPDIR", len(to.Path), maxPath)
	}
	return ""
}
