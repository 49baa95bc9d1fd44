package steps

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// OptionName is a socket option by its C name.
type OptionName struct {
	node   *source.Node
	Option sock.Option
}

// Decode reads the name.
func (o *OptionName) Decode(d *Decoder, n *source.Node) {
	opt, ok := sock.OptionByName(n.Text)
	if !ok || n.Kind != source.Scalar {
		var names []string
		for _, o := range sock.Options() {
			names = append(names, o.Name)
		}
		d.Problem(n, "unknown socket option %s", Shown(n)).Hint = source.DidYouMean(n.Text, names)
		return
	}
	o.node, o.Option = n, opt
}

// Schema lists the names.
func (o *OptionName) Schema() Schema {
	var names []string
	for _, opt := range sock.Options() {
		names = append(names, opt.Name)
	}
	return Schema{"enum": names}
}

// Type names the type in the reference.
func (o *OptionName) Type() string { return "option" }

// OptionValue is an option's value as it stands in the file; which form fits
// depends on the option.
type OptionValue struct {
	node   *source.Node
	text   Text
	fields Bindings
}

// Decode reads a scalar or a mapping.
func (v *OptionValue) Decode(d *Decoder, n *source.Node) {
	v.node = n
	if n.Kind == source.Map {
		v.fields.Decode(d, n)
		return
	}
	v.text.Decode(d, n)
}

// Schema accepts a scalar or a mapping of scalars.
func (v *OptionValue) Schema() Schema {
	return Schema{"anyOf": []Schema{new(Text).Schema(), new(Bindings).Schema()}}
}

// Type names the type in the reference.
func (v *OptionValue) Type() string { return "number, true or false, duration, {onoff, linger}" }

// optionForm is how the values of one kind of option are read, written and shown.
type optionForm struct {
	what   string // for messages
	encode func(v *OptionValue, t *Task) (any, error)
	set    func(s *sock.Socket, o sock.Option, v any) error
	get    func(s *sock.Socket, o sock.Option) (any, error)
	show   func(v any) any
}

// linger is the value of SO_LINGER, socket(7).
type linger struct{ onoff, linger int }

func (l linger) String() string { return fmt.Sprintf("{l_onoff=%d, l_linger=%d}", l.onoff, l.linger) }

// formOf is the form of an option's values.
func formOf(o sock.Option) optionForm {
	switch o.Kind {
	case sock.OptLinger:
		return lingerForm
	case sock.OptTimeval:
		return timeForm
	case sock.OptString:
		return stringForm
	}
	return intForm
}

var intForm = optionForm{
	what: "a whole number, true or false",
	encode: func(v *OptionValue, t *Task) (any, error) {
		s, err := v.text.Eval(t)
		if err != nil {
			return nil, err
		}
		return parseOptionInt(s)
	},
	set:  func(s *sock.Socket, o sock.Option, v any) error { return s.SetInt(o.Level, o.Number, v.(int)) },
	get:  func(s *sock.Socket, o sock.Option) (any, error) { return s.GetInt(o.Level, o.Number) },
	show: func(v any) any { return v },
}

func parseOptionInt(s string) (any, error) {
	switch s {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 0, 32)
	if err != nil {
		return nil, fmt.Errorf("%s is not a whole number", quoteShort(s))
	}
	return int(n), nil
}

var lingerForm = optionForm{
	what: "{onoff: true, linger: SECONDS}",
	encode: func(v *OptionValue, t *Task) (any, error) {
		var l linger
		for i, name := range v.fields.Names {
			s, err := v.fields.Values[i].Eval(t)
			if err != nil {
				return nil, err
			}
			n, err := parseOptionInt(s)
			if err != nil {
				return nil, err
			}
			switch name {
			case "onoff":
				l.onoff = n.(int)
			case "linger":
				l.linger = n.(int)
			default:
				return nil, fmt.Errorf("SO_LINGER has no field %s; it has onoff and linger (seconds)", name)
			}
		}
		return l, nil
	},
	set: func(s *sock.Socket, o sock.Option, v any) error {
		l := v.(linger)
		return s.SetBytes(o.Level, o.Number, sock.EncodeLinger(l.onoff != 0, l.linger))
	},
	get: func(s *sock.Socket, o sock.Option) (any, error) {
		b, err := s.GetBytes(o.Level, o.Number, len(sock.EncodeLinger(false, 0)))
		if err != nil {
			return nil, err
		}
		on, seconds, ok := sock.DecodeLinger(b)
		if !ok {
			return nil, fmt.Errorf("the kernel gave %d bytes for %s", len(b), o.Name)
		}
		l := linger{linger: seconds}
		if on {
			l.onoff = 1
		}
		return l, nil
	},
	show: func(v any) any { return Const(v.(linger).String()) },
}

var timeForm = optionForm{
	what: "a duration such as 250ms",
	encode: func(v *OptionValue, t *Task) (any, error) {
		s, err := v.text.Eval(t)
		if err != nil {
			return nil, err
		}
		return ParseDuration(s)
	},
	set: func(s *sock.Socket, o sock.Option, v any) error {
		return s.SetBytes(o.Level, o.Number, sock.EncodeTimeval(v.(time.Duration)))
	},
	get: func(s *sock.Socket, o sock.Option) (any, error) {
		b, err := s.GetBytes(o.Level, o.Number, len(sock.EncodeTimeval(0)))
		if err != nil {
			return nil, err
		}
		d, ok := sock.DecodeTimeval(b)
		if !ok {
			return nil, fmt.Errorf("the kernel gave %d bytes for %s", len(b), o.Name)
		}
		return d, nil
	},
	show: func(v any) any {
		d := v.(time.Duration)
		return Const(fmt.Sprintf("{tv_sec=%d, tv_usec=%d}", d/time.Second, d%time.Second/time.Microsecond))
	},
}

var stringForm = optionForm{
	what:   "a text",
	encode: func(v *OptionValue, t *Task) (any, error) { return v.text.Eval(t) },
	set: func(s *sock.Socket, o sock.Option, v any) error {
		return s.SetBytes(o.Level, o.Number, []byte(v.(string)))
	},
	get: func(s *sock.Socket, o sock.Option) (any, error) {
		b, err := s.GetBytes(o.Level, o.Number, 256)
		text, _, _ := strings.Cut(string(b), "\x00")
		return text, err
	},
	show: func(v any) any { return Quoted(v.(string)) },
}

// check reports a value that does not fit the option, as far as that can be
// known without running.
func (v *OptionValue) check(c *Check, o sock.Option) {
	form := formOf(o)
	if (v.node.Kind == source.Map) != (o.Kind == sock.OptLinger) {
		c.problem(v.node, "the value of %s is %s, not %s", o.Name, form.what, v.node.Describe())
		return
	}
	if _, static := v.text.Static(); !static {
		return
	}
	for _, x := range v.fields.Values {
		if _, static := x.Static(); !static {
			return
		}
	}
	if _, err := form.encode(v, nil); err != nil {
		c.problem(v.node, "%s: %s", o.Name, err).Hint = "it takes " + form.what
	}
}
