package step

import (
	"reflect"

	"github.com/sockscript/sockscript/steps/value"
)

// settled is the step with the values that only the run can tell.
func (s *Step) settled(t *Task) (*Step, error) {
	if len(s.Late) == 0 {
		return s, nil
	}
	now := *s
	now.Action = copied(s.Action)
	into := fieldsOf(&now)
	// A fresh action's values have what a kind sets before decoding, and
	// nothing of what the checker's reading has left in those of the step.
	fresh := &Step{Kind: s.Kind, Action: s.Kind.New()}
	from := fieldsOf(fresh)
	for _, l := range s.Late {
		v := from[l.Key]
		if err := l.Decode(t, v); err != nil {
			return nil, err
		}
		reflect.ValueOf(into[l.Key]).Elem().Set(reflect.ValueOf(v).Elem())
	}
	return &now, nil
}

// copied is an action of its own with the same values.
func copied(a Action) Action {
	c := reflect.New(reflect.TypeOf(a).Elem())
	c.Elem().Set(reflect.ValueOf(a).Elem())
	return c.Interface().(Action)
}

// fieldsOf are a step's values by the keys that [value.Late] has for them.
func fieldsOf(s *Step) map[string]value.Value {
	p := paramsOf(s.Action)
	fields := make(map[string]value.Value)
	for _, q := range p.all(s.Kind, s) {
		fields[q.Key] = q.Value
	}
	for _, q := range append(s.Expect.bindings(), p.Expect...) {
		fields[underExpect+q.Key] = q.Value
	}
	if p.Short != nil {
		fields[shortExpect] = p.Short.Value
	}
	if p.Others != nil {
		fields[underExpect] = p.Others.Value
	}
	return fields
}

// The keys of late values below `expect`.
const (
	underExpect = "expect."
	shortExpect = "expect"
)
