package packet

import (
	"fmt"
	"slices"
	"strings"
)

// A Segment is a TCP segment as a text describes it. Its sequence numbers are
// relative.
type Segment struct {
	Flags       Flags
	FlagsGiven  bool
	First, Last Number // of its data; Last is the one after the data
	Length      Number
	Ack         Number
	Window      Number
	Urgent      Number
	Options     []OptionPattern
	// OptionsGiven says that there is a list of options, which may be empty.
	OptionsGiven bool
	at           int
}

// An OptionPattern is an option as a text describes it.
type OptionPattern struct {
	Kind    byte
	Numbers []Number // of a kind whose fields are known
	Data    []byte   // of another kind
	AnyData bool
	// More stands for any number of options, Bad for bytes that are not an
	// option.
	More, Bad bool
	at        int
}

// optionKinds are the options whose fields are known.
var optionKinds = []struct {
	kind   byte
	word   string
	fields []optionField
}{
	{EOL, "eol", nil},
	{NOP, "nop", nil},
	{MSS, "mss", []optionField{{"", "mss", 2}}},
	{WScale, "wscale", []optionField{{"", "wscale", 1}}},
	{SACKOK, "sackOK", nil},
	{Timestamp, "TS", []optionField{{"val", "TS val", 4}, {"ecr", "TS ecr", 4}}},
}

// An optionField is a number in an option: the word before it, its name, and
// its size in bytes.
type optionField struct {
	word, name string
	size       int
}

func (f optionField) limit() uint32 { return uint32(1<<(8*f.size) - 1) }

// optionWords are the words that an option begins with.
const optionWords = "mss, wscale, sackOK, sack, TS, FO, nop, eol, opt, bad or ..."

func (o OptionPattern) String() string {
	switch {
	case o.More:
		return "..."
	case o.Bad:
		return fmt.Sprintf("bad %x", o.Data)
	case o.Kind == SACK && o.Numbers != nil:
		text := "sack"
		for pair := range slices.Chunk(o.Numbers, 2) {
			text += fmt.Sprintf(" %v:%v", pair[0], pair[1])
		}
		return text
	}
	for _, k := range optionKinds {
		if k.kind != o.Kind || len(k.fields) != len(o.Numbers) || len(o.Data) > 0 || o.AnyData {
			continue
		}
		text := k.word
		for i, f := range k.fields {
			text += strings.TrimRight(" "+f.word, " ") + " " + o.Numbers[i].String()
		}
		return text
	}
	text := "FO"
	if o.Kind != FastOpen {
		text = fmt.Sprintf("opt %d", o.Kind)
	}
	switch {
	case o.AnyData:
		text += " any"
	case len(o.Data) > 0:
		text += fmt.Sprintf(" %x", o.Data)
	}
	return text
}

// fits compares with an option of a packet.
func (o OptionPattern) fits(got OptionPattern) bool {
	if o.Kind != got.Kind || o.Bad != got.Bad {
		return false
	}
	if o.AnyData {
		return true
	}
	return string(o.Data) == string(got.Data) && len(o.Numbers) == len(got.Numbers) &&
		!slices.ContainsFunc(indexes(o.Numbers), func(i int) bool { return !o.Numbers[i].fits(got.Numbers[i]) })
}

func indexes(list []Number) []int {
	all := make([]int, len(list))
	for i := range all {
		all[i] = i
	}
	return all
}

func (s *Segment) write(b *strings.Builder) {
	var parts []string
	if s.FlagsGiven {
		parts = append(parts, s.Flags.String())
	}
	switch {
	case s.First.Given():
		text := fmt.Sprintf("%v:%v", s.First, s.Last)
		if s.Length.Given() {
			text += fmt.Sprintf("(%v)", s.Length)
		}
		parts = append(parts, text)
	case s.Length.Given():
		parts = append(parts, fmt.Sprintf("(%v)", s.Length))
	}
	for _, n := range []namedNumber{{"ack", s.Ack}, {"win", s.Window}, {"urg", s.Urgent}} {
		if n.Given() {
			parts = append(parts, n.name+" "+n.String())
		}
	}
	if s.OptionsGiven {
		parts = append(parts, optionsText(s.Options))
	}
	b.WriteString(strings.Join(parts, " "))
}

func optionsText(list []OptionPattern) string {
	var texts []string
	for _, o := range list {
		texts = append(texts, o.String())
	}
	return "<" + strings.Join(texts, ",") + ">"
}

func (s *Segment) numbers() []namedNumber {
	list := []namedNumber{
		{"the sequence number", s.First},
		{"the end of the data", s.Last},
		{"the length", s.Length},
		{"ack", s.Ack},
		{"win", s.Window},
		{"urg", s.Urgent},
	}
	for _, o := range s.Options {
		for _, n := range o.Numbers {
			list = append(list, namedNumber{"a number of the option", n})
		}
	}
	return list
}

func (s *Segment) sendable() error {
	if !s.FlagsGiven {
		return &SyntaxError{s.at, "the flags are missing", `a packet to be sent needs them, as S, P. or - for none`}
	}
	for _, o := range s.Options {
		if o.More || o.AnyData {
			return &SyntaxError{o.at, fmt.Sprintf("the option is %s", o), "a packet to be sent needs its bytes"}
		}
	}
	return nil
}

func (s *Segment) differences(body PatternBody) []Difference {
	got, d := body.(*Segment), differences{}
	if s.FlagsGiven && (!got.FlagsGiven || s.Flags != got.Flags) {
		is := ""
		if got.FlagsGiven {
			is = got.Flags.String()
		}
		d.add("the flags", s.Flags.String(), is)
	}
	switch {
	case !s.First.fits(got.First):
		d.add("the data", span(s), span(got))
	case !s.Last.fits(got.Last), !s.Length.fits(got.Length):
		d.add("the data", span(s), span(got))
	}
	for _, n := range []struct {
		name      string
		want, got Number
	}{{"ack", s.Ack, got.Ack}, {"win", s.Window, got.Window}, {"urg", s.Urgent, got.Urgent}} {
		if got.FlagsGiven && !n.got.Given() && !n.want.fits(n.got) {
			d.add(n.name, n.want.String(), "none") // it is known that there is none
		} else {
			d.number(n.name, n.want, n.got)
		}
	}
	want, is := unpadded(s.Options), unpadded(got.Options)
	if !s.OptionsGiven || optionsFit(want, is) {
		return d
	}
	single := differentOptions(want, is)
	if single == nil {
		d.add("the options", optionsText(s.Options), optionsText(got.Options))
	}
	return append(d, single...)
}

// differentOptions are the options that differ, in lists that have the same
// kinds of them; otherwise nil.
func differentOptions(want, got []OptionPattern) (d differences) {
	more := slices.IndexFunc(want, func(o OptionPattern) bool { return o.More })
	if more >= 0 && len(got) >= len(want)-1 { // the others that are there
		others := got[more : len(got)-(len(want)-1-more)]
		want = slices.Concat(want[:more], others, want[more+1:])
	}
	if len(want) != len(got) {
		return nil
	}
	for i, o := range want {
		if o.Kind != got[i].Kind || o.Bad != got[i].Bad {
			return nil
		}
		if !o.fits(got[i]) {
			d.add("the option", o.String(), got[i].String())
		}
	}
	return d
}

// span is the text of the sequence numbers alone.
func span(s *Segment) string {
	var b strings.Builder
	(&Segment{First: s.First, Last: s.Last, Length: s.Length}).write(&b)
	return b.String()
}

// unpadded is a list of options without the ends of list that pad it.
func unpadded(list []OptionPattern) []OptionPattern {
	for len(list) > 0 && list[len(list)-1].String() == "eol" {
		list = list[:len(list)-1]
	}
	return list
}

// optionsFit compares lists of options in their order.
func optionsFit(want, got []OptionPattern) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case want[0].More:
		return optionsFit(want[1:], got) || len(got) > 0 && optionsFit(want, got[1:])
	}
	return len(got) > 0 && want[0].fits(got[0]) && optionsFit(want[1:], got[1:])
}
