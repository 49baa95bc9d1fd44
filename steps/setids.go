package steps

import (
	"os"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var setidsKind = step.Kind{
	Name:    "setids",
	Summary: "change the user and the groups of a process",
	Text: `The real, the effective and the saved ids become the given ones: first the
further groups, then the group, then the user. With a uid and no groups the
process has no further groups from then on. Only root may choose any ids. The
temporary folder of the scenario then has the mode 0711, so that the new user
can reach paths in it. See setresuid(2), setgroups(2).`,
	Example: `requires: root
actors:
  one:
    - fork:
        - setids: {uid: 65534, gid: 65534}
        - socket: unix
          as: sock
        - bind: sock
          to: unix:${tmp}/service
          expect: {error: EACCES}
      as: child
    - join: child
`,
	Beneath: step.Beneath{
		Call:   "setgroups(2), setresgid(2), setresuid(2)",
		Kernel: "changes the user and the groups by which it decides what the process may do.",
		Errors: []step.LikelyError{
			{Errno: "EPERM", Why: "only root may choose any ids"},
			{Errno: "EINVAL", Why: "the user namespace has no such id"},
		},
	},
	New:   func() step.Action { return new(setidsAction) },
	Needs: []value.Access{value.Privilege},
}

type setidsAction struct{ ids idsValue }

// idsValue is the mapping of a setids step.
type idsValue struct {
	uid, gid value.Int
	groups   groupList
}

// groupList are the further groups of a process, which may be none.
type groupList struct {
	node *source.Node
	list []*value.Int
}

// Decode reads a group or a list of groups.
func (v *groupList) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	for _, item := range value.Listed(n) {
		x := new(value.Int)
		x.Decode(d, item)
		v.list = append(v.list, x)
	}
}

// Schema accepts a number or a list of numbers.
func (v *groupList) Schema() value.Schema {
	one := new(value.Int).Schema()
	return value.Schema{"anyOf": []value.Schema{one, {"type": "array", "items": one}}}
}

// Type names the type in the reference.
func (v *groupList) Type() string { return "list of numbers" }

func (v *idsValue) params() []*value.Param {
	return []*value.Param{
		{Key: "uid", Value: &v.uid, Help: "the user"},
		{Key: "gid", Value: &v.gid, Help: "the group"},
		{Key: "groups", Value: &v.groups, Help: "the further groups, [] for none; default: none where there is a uid"},
	}
}

// Decode reads the mapping.
func (v *idsValue) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "setids takes a mapping, not %s", n.Describe()).Hint = "write {uid: 65534, gid: 65534}"
		return
	}
	d.Mapping(n, v.params(), "setids")
}

// Schema accepts the mapping.
func (v *idsValue) Schema() value.Schema {
	properties := value.Schema{}
	for _, p := range v.params() {
		properties[p.Key] = value.Described(p)
	}
	return value.Object(properties)
}

// Type names the type in the reference.
func (v *idsValue) Type() string { return "{uid, gid, groups}" }

func (a *setidsAction) Params(p *step.Params) {
	p.Value(&a.ids, "the ids that it is to have; what is left out stays")
}

// Needs implements [step.Needer].
func (a *setidsAction) Needs(n *step.Needs) {
	n.Node(value.Privilege, n.Verb(), "setids")
}

func (a *setidsAction) Run(t *step.Task) error {
	v := &a.ids
	var shown []string
	number := func(name string, n *value.Int) (*uint32, error) {
		if !n.Given() {
			return nil, nil
		}
		x, err := n.Eval(t)
		id := uint32(x)
		shown = append(shown, name+" "+strconv.FormatInt(x, 10))
		return &id, err
	}
	user, err := number("uid", &v.uid)
	if err != nil {
		return err
	}
	group, err := number("gid", &v.gid)
	if err != nil {
		return err
	}
	groups, err := v.further(t)
	if err != nil {
		return err
	}
	if groups != nil {
		var list []string
		for _, g := range groups {
			list = append(list, strconv.FormatUint(uint64(g), 10))
		}
		shown = append(shown, "groups ["+strings.Join(list, " ")+"]")
	}
	args := make([]any, len(shown))
	for i, s := range shown {
		args[i] = event.Const(s)
	}
	t.Call("setids", args...)
	p, err := t.Own()
	if err != nil {
		return err
	}
	if tmp, err := t.Actor.Run.Tmp(); err == nil {
		os.Chmod(tmp, passThrough)
	}
	if err := p.SetIDs(user, group, groups); err != nil {
		return err
	}
	t.Return(event.Const("0"))
	return nil
}

// passThrough lets everybody use the names in a folder that they know.
const passThrough = 0o711

// further are the further groups; nil: they stay.
func (v *idsValue) further(t *step.Task) ([]uint32, error) {
	if v.groups.node == nil && !v.uid.Given() {
		return nil, nil
	}
	groups := []uint32{}
	for _, g := range v.groups.list {
		n, err := g.Eval(t)
		if err != nil {
			return nil, err
		}
		groups = append(groups, uint32(n))
	}
	return groups, nil
}

func (a *setidsAction) Check(c *check.Check) { c.NeedsProcess() }
