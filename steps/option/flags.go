package option

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// Timestamps are flags of SO_TIMESTAMPING (linux/net_tstamp.h).
type Timestamps uint32

// timestampNames are the names of the bits, without their SOF_TIMESTAMPING_.
var timestampNames = []string{
	"TX_HARDWARE", "TX_SOFTWARE", "RX_HARDWARE", "RX_SOFTWARE", "SOFTWARE", "SYS_HARDWARE", "RAW_HARDWARE", "OPT_ID",
	"TX_SCHED", "TX_ACK", "OPT_CMSG", "OPT_TSONLY", "OPT_STATS", "OPT_PKTINFO", "OPT_TX_SWHW", "BIND_PHC", "OPT_ID_TCP",
	"OPT_RX_FILTER", "TX_COMPLETION",
}

var timestampingForm = &Form{
	What: "SOF_TIMESTAMPING_ flags, or a whole number", isNumber: true, Size: 4,
	Encode: encodeTimestamping, Decode: decodeTimestamping,
}

// parseTimestamps reads flags by name, which | joins.
func parseTimestamps(s string) (Timestamps, error) {
	var bits Timestamps
	for word := range strings.SplitSeq(s, "|") {
		short := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(word)), "SOF_TIMESTAMPING_")
		at := slices.Index(timestampNames, short)
		if at < 0 {
			return 0, fmt.Errorf("%s is not one of its flags%s", value.Quote(word), value.Prefixed("; ", source.DidYouMean(short, timestampNames)))
		}
		bits |= 1 << at
	}
	return bits, nil
}

// String writes the flags as strace does.
func (f Timestamps) String() string {
	if f == 0 {
		return "0"
	}
	var names []string
	for i, name := range timestampNames {
		if f&(1<<i) != 0 {
			names = append(names, "SOF_TIMESTAMPING_"+name)
		}
	}
	if rest := f >> len(timestampNames) << len(timestampNames); rest != 0 {
		names = append(names, fmt.Sprintf("%#x", uint32(rest)))
	}
	return strings.Join(names, "|")
}

func encodeTimestamping(v *Value, env value.Env) ([]byte, error) {
	if b, err := encodeInt(v, env); err == nil || v.fields.Names != nil || v.payload.Given() {
		return b, err
	}
	s, err := v.text.Eval(env)
	if err != nil {
		return nil, err
	}
	bits, err := parseTimestamps(s)
	return binary.NativeEndian.AppendUint32(nil, uint32(bits)), err
}

func decodeTimestamping(b []byte) (any, error) {
	n, err := decodeInt(b[:min(4, len(b))]) // a clock may follow
	if err != nil {
		return nil, err
	}
	return Timestamps(n.(int)), nil
}

// flags are the flags by name of which the condition consists, all of which
// must be there and no other: A|B, or a list of them.
func (w *ValueWant) flags(env value.Env) (Timestamps, error) {
	var words []string
	for _, x := range w.texts {
		s, err := x.Eval(env)
		if err != nil {
			return 0, err
		}
		words = append(words, s)
	}
	return parseTimestamps(strings.Join(words, "|"))
}

// checkFlags compares flags with the condition, which names them or is one on
// their number.
func (w *ValueWant) checkFlags(env value.Env, got Timestamps, what string) error {
	want, err := w.flags(env)
	if err != nil && w.number.Node != nil {
		return w.check(env, int(got), what)
	}
	if err == nil && want != got {
		err = value.Mismatchf("expected %s %s, got %s", what, want, got)
	}
	return err
}
