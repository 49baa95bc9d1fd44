package option

import (
	"strconv"
	"testing"

	"github.com/expr-lang/expr/vm"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// A counter gives another value each time it is asked for one.
type counter struct{ n int }

func (c *counter) Lookup(string) (any, error)             { c.n++; return strconv.Itoa(c.n), nil }
func (c *counter) Await(string, int, string) (any, error) { c.n++; return c.n, nil }
func (c *counter) Set(string, any)                        {}
func (c *counter) Overdue() error                         { return nil }
func (c *counter) Known([]event.Mark)                     {}
func (c *counter) KnownAddress(event.Asked)               {}
func (c *counter) Piece(text string, _ int) any           { return text }
func (c *counter) Machine() *vm.VM                        { return new(vm.VM) }

// What the transcript shows of an option's value is what the kernel got: the
// expressions of the value are run once.
func TestValueRunsOnce(t *testing.T) {
	for _, tt := range []struct{ name, text, option, want string }{
		{"a number", `"${x}"`, "SO_RCVLOWAT", "1"},
		{"a text", `"${x}s"`, "SO_RCVTIMEO", "{tv_sec=1, tv_usec=0}"},
		{"fields", `{onoff: "${x}", linger: "${x}"}`, "SO_LINGER", "{l_onoff=1, l_linger=2}"},
		{"bytes", `{hex: "0${x}"}`, "SO_RCVLOWAT", "\x01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nodes, problems := source.Parse("value.yaml", []byte(tt.text))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			v := new(Value)
			d := value.NewDecoder(nil, nil)
			v.Decode(d, nodes[0])
			o, _ := sock.OptionByName(tt.option)
			form := SettingForm(o)
			env := new(counter)
			settled, err := v.Resolved(env)
			if err != nil {
				t.Fatal(err)
			}
			ran := env.n
			b, err := settled.Encode(form.Encode, env)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			switch x := settled.Shown(form, b).(type) {
			case event.Const:
				got = string(x)
			case event.Data:
				got = string(x.Bytes)
			}
			if got != tt.want || env.n != ran {
				t.Errorf("shows %q, want %q; the expressions were run %d times more", got, tt.want, env.n-ran)
			}
		})
	}
}
