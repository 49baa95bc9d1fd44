package packet

import (
	"slices"
	"strings"
)

// segment reads a TCP segment.
func (s *scanner) segment() *Segment {
	s.space()
	t := &Segment{at: s.at}
	if !s.afterFlags() {
		s.flags(t)
	}
	s.span(t)
	s.numbers(t)
	if s.take('<') {
		t.OptionsGiven = true
		s.options(t)
		if w := s.peek(); w != "" {
			s.fail(s.at, "the options are the last of a segment", "%q is one word too many", w)
		}
	}
	return t
}

// afterFlags reports whether the text goes on with what comes after the flags:
// they may be left out.
func (s *scanner) afterFlags() bool {
	w := s.peek()
	return s.is('(') || s.startsNumber() || slices.Contains([]string{"ack", "win", "urg"}, w)
}

// flags reads the flags of a segment.
func (s *scanner) flags(t *Segment) {
	s.space()
	begin := s.at
	end := strings.IndexAny(s.text[begin:]+" ", " \t<[(])")
	letters := s.text[begin:][:end]
	if letters == "" {
		s.fail(begin, "the flags of a segment as S or P., or udp, icmp, arp or igmp", "the packet is missing")
		return
	}
	for i, c := range letters {
		at := slices.IndexFunc(flagLetters, func(l struct {
			flag   Flags
			letter byte
		},
		) bool {
			return rune(l.letter) == c
		})
		switch {
		case letters == "-":
		case at < 0:
			s.fail(begin+i, "the letters are SFRPUEWA, . for ACK, and - for no flag; other packets begin with udp, icmp, arp or igmp", "%q is not a packet: %q is not a flag", letters, c)
		case t.Flags&flagLetters[at].flag != 0:
			s.fail(begin+i, "", "the flag %q is there twice", c)
		default:
			t.Flags |= flagLetters[at].flag
		}
	}
	t.FlagsGiven = true
	s.at = max(s.at, begin+end)
}

// span reads sequence numbers and a length, or one of the two.
func (s *scanner) span(t *Segment) {
	s.space()
	begin := s.at
	if s.is('(') {
		t.Length = s.length(maxNumber)
		return
	}
	if !s.startsNumber() {
		return
	}
	t.First = s.number("the sequence number", maxNumber)
	s.need(':', "between the first sequence number and the one after the data, as in 1:5(4)")
	t.Last = s.number("the sequence number after the data", maxNumber)
	if s.is('(') {
		t.Length = s.length(maxNumber)
	}
	first, ok1 := t.First.Value()
	last, ok2 := t.Last.Value()
	if !ok1 || !ok2 {
		return
	}
	switch n, ok := t.Length.Value(); {
	case int32(last-first) < 0: // in the arithmetic of RFC 9293
		s.fail(begin, "", "the data ends before it begins")
	case ok && n != last-first:
		s.fail(begin, "the second number is that of the byte after the data", "from %d to %d is a length of %d, not %d", first, last, last-first, n)
	}
}

// numbers reads the numbers of the header.
func (s *scanner) numbers(t *Segment) {
	for {
		s.space()
		begin := s.at
		w := s.letters()
		n := &t.Ack
		limit := uint32(maxNumber)
		switch w {
		case "":
			return
		case "ack":
		case "win":
			n, limit = &t.Window, 1<<16-1
		case "urg":
			n, limit = &t.Urgent, 1<<16-1
		default:
			hint := "ack, win, urg and options between < and > can be here"
			if w == "seq" || w == "len" || w[0] <= '9' {
				hint = "sequence numbers and the length are behind the flags, as in P. 1:5(4)"
			}
			s.fail(begin, hint, "%q is not known", w)
			return
		}
		if n.Given() {
			s.fail(begin, "", "%s is there twice", w)
		}
		*n = s.number(w, limit)
	}
}

// options reads the options of a segment, as far as the closing bracket.
func (s *scanner) options(t *Segment) {
	if s.take('>') {
		return
	}
	for s.err == nil {
		s.space()
		begin := s.at
		o := s.option()
		o.at = begin
		if o.More && slices.ContainsFunc(t.Options, func(o OptionPattern) bool { return o.More }) {
			s.fail(begin, "", "... is there twice")
		}
		t.Options = append(t.Options, o)
		if !s.take(',') {
			break
		}
	}
	if r := strings.Fields(s.rest()); len(r) > 0 && !s.is('>') {
		s.fail(s.at, "write commas between options, as in <mss 1460,nop>", "',' or '>' is missing before %q", r[0])
	}
	s.need('>', "after the options")
}

func (s *scanner) option() (o OptionPattern) {
	if strings.HasPrefix(s.rest(), "...") {
		s.at += len("...")
		return OptionPattern{More: true}
	}
	begin := s.at
	w := s.letters()
	for _, k := range optionKinds {
		if k.word != w {
			continue
		}
		o.Kind = k.kind
		for _, f := range k.fields {
			s.space()
			if at := s.at; f.word != "" && !s.word(f.word) {
				s.fail(at, "write TS val 1 ecr 0", "%q is missing in the option TS", f.word)
			}
			o.Numbers = append(o.Numbers, s.number(f.name, f.limit()))
		}
		return o
	}
	switch w {
	case "sack":
		return s.sack()
	case "FO":
		o.Kind = FastOpen
		s.optionData(&o)
	case "opt":
		n := s.number("the kind of the option", 255)
		kind, single := n.Value()
		if !single {
			s.fail(n.at, "write one number", "the kind of the option is %s", n)
		}
		o.Kind = byte(kind)
		s.optionData(&o)
		o = known(o)
	case "bad":
		o.Bad = true
		if o.Data = s.hex(); len(o.Data) == 0 {
			s.fail(s.at, "write them in hexadecimal, as in bad 02ff", "the bytes of bad are missing")
		}
	case "":
		s.fail(begin, "it is one of "+optionWords, "an option is missing")
	default:
		s.fail(begin, "it is one of "+optionWords, "%q is not an option", w)
	}
	return o
}

// sack reads the blocks of a selective acknowledgement.
func (s *scanner) sack() OptionPattern {
	o := OptionPattern{Kind: SACK, Numbers: []Number{}}
	for s.err == nil && !s.is(',') && !s.is('>') {
		first := s.number("the begin of a block", maxNumber)
		s.need(':', "in a block")
		o.Numbers = append(o.Numbers, first, s.number("the end of a block", maxNumber))
	}
	return o
}

// optionData reads the bytes of an option.
func (s *scanner) optionData(o *OptionPattern) {
	if s.word("any") {
		o.AnyData = true
		return
	}
	begin := s.at
	if o.Data = s.hex(); len(o.Data) > maxOptions-2 {
		s.fail(begin, "", "%d bytes do not fit into an option", len(o.Data))
	}
}
