package value

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// Flags are flags by their C names, or without the prefix of these, or numbers:
// one, several that | joins, or a list.
type Flags struct {
	Of   *sock.FlagSet // which flags; nil: MSG_ flags
	Node *source.Node
	Bits int
}

func (v *Flags) set() *sock.FlagSet {
	if v.Of == nil {
		return sock.MessageFlags
	}
	return v.Of
}

// Decode reads a flag or a list of flags.
func (v *Flags) Decode(d *Decoder, n *source.Node) {
	v.Node = n
	for _, item := range Listed(n) {
		if item.Kind != source.Scalar {
			Unknown(d, item, "flag").Hint = v.hint("")
			continue
		}
		for word := range strings.SplitSeq(item.Text, "|") {
			word = strings.TrimSpace(word)
			bits, err := v.word(word)
			if err != nil {
				p := d.Problem(item, "unknown flag %s", Quote(word))
				if p.Hint = v.hint(word); err != errNoFlag {
					p.Msg, p.Hint = err.Error(), ""
				}
				continue
			}
			v.Bits |= bits
		}
	}
}

// word is one flag, or a number of 32 bits.
func (v *Flags) word(word string) (int, error) {
	if bits, ok := v.set().ByName(word); ok {
		return bits, nil
	}
	n, err := strconv.ParseInt(word, 0, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return 0, errNoFlag
	case err != nil || n < math.MinInt32 || n > math.MaxUint32:
		return 0, fmt.Errorf("%s does not fit into the int that the call takes; its 32 bits hold up to 0xffffffff", word)
	}
	return int(int32(n)), nil
}

// hint is the flag that a word may have been meant for.
func (v *Flags) hint(word string) string {
	all := v.set().All()
	if s := source.DidYouMean(word, WithShort(all, v.set().Prefix())); s != "" {
		return s
	}
	if len(all) <= 3 {
		return "write " + JoinOr(all)
	}
	return fmt.Sprintf("write a name such as %s, a number, or a list", all[0])
}

// Has reports whether a flag is among them.
func (v *Flags) Has(name string) bool {
	bit, ok := v.set().ByName(name)
	return ok && v.Bits&bit != 0
}

// WithShort are C names and their short forms: MSG_PEEK and peek.
func WithShort(names []string, prefix string) []string {
	all := names
	for _, name := range names {
		all = append(all, strings.ToLower(strings.TrimPrefix(name, prefix)))
	}
	return all
}

// Given reports whether flags were written at all.
func (v *Flags) Given() bool { return v.Node != nil }

// Schema accepts a name, a number, or a list of them. Several in one text are
// left to the checker.
func (v *Flags) Schema() Schema {
	set := v.set()
	one := Constants(set.All(), set.Prefix(), fmt.Sprintf("unknown flag; write a name such as %s, a number, or a list", set.All()[0]))
	one["anyOf"] = append(one["anyOf"].([]Schema), Schema{"type": "string", "pattern": `\|`})
	return OneOrMore(one)
}

// Type names the type in the reference.
func (v *Flags) Type() string { return "flags" }
