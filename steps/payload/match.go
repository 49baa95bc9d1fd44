package payload

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/value"
)

// Match is what received bytes must be: equal to data, containing some,
// matching a regular expression (RE2), or of a size.
type Match struct {
	Data     Payload
	Contains Payload
	Lacks    Payload
	Matches  value.Regexp
	Layout   Layout
	Size     value.Compare
	SHA256   Digest
}

// Conditions are the keys of `expect` that say what the bytes must be.
func (m *Match) Conditions() []*value.Param {
	m.Size.Unit = value.ByteUnit
	return []*value.Param{
		{Key: "data", Value: &m.Data, Help: ExactBytes},
		{Key: "contains", Value: &m.Contains, Help: "these bytes somewhere in it"},
		{Key: "not_contains", Value: &m.Lacks, Help: "these bytes nowhere in it"},
		{Key: "matches", Value: &m.Matches, Help: "a regular expression (RE2); its named groups become variables"},
		{Key: "layout", Value: &m.Layout, Help: "the fields that it consists of; their names become variables"},
		{Key: "size", Value: &m.Size, Help: "how many bytes"},
		{Key: "sha256", Value: &m.SHA256, Help: "the SHA-256 of the bytes in hexadecimal"},
	}
}

// ExactBytes is the help of the condition that a plain `expect` means.
const ExactBytes = "exactly these bytes"

// Digest is a SHA-256 in hexadecimal, or an expression that returns one.
type Digest struct{ value.Text }

// Decode reads the 64 digits.
func (v *Digest) Decode(d *value.Decoder, n *source.Node) {
	v.Text.Decode(d, n)
	s, static := v.Static()
	if b, err := hex.DecodeString(s); static && n.Kind == source.Scalar && (err != nil || len(b) != sha256.Size) {
		d.Problem(n, "%s is not a SHA-256", value.Quote(s)).Hint = "it has 64 hexadecimal digits, as sha256sum prints them"
	}
}

// Searches reports whether the bytes are looked for in what comes rather than
// compared with it.
func (m *Match) Searches() bool { return m.Contains.Given() || m.Matches.Given() }

// Reads reports whether the bytes themselves must be there, to look at them.
func (m *Match) Reads() bool { return m.Searches() || m.Lacks.Given() || m.Layout.Given() }

// Check compares received bytes with all that is expected and sets the
// variables of named groups.
func (m *Match) Check(env value.Env, b []byte) error {
	return m.CheckReceived(env, Received{Bytes: b, Size: int64(len(b))})
}

// Received is what came: of a stream that was compared as it came not all bytes
// are there.
type Received struct {
	Bytes    []byte
	Size     int64
	Sum      *event.SHA256 // nil where it is that of these bytes
	Compared bool
	Found    bool // by the search that ended the receive
	At       int  // where the bytes begin in all that the step received
	LaidOut  bool // the layout has taken it apart as it came
}

func (r *Received) digest() string {
	if r.Sum != nil {
		return r.Sum.Hex()
	}
	sum := sha256.Sum256(r.Bytes)
	return hex.EncodeToString(sum[:])
}

// CheckReceived compares what came with all that is expected, also where not
// all of its bytes were kept.
func (m *Match) CheckReceived(env value.Env, got Received) error {
	b := got.Bytes
	if m.Data.Given() && !got.Compared {
		want, err := m.Data.Blob(env)
		if err != nil {
			return err
		}
		if !bytes.Equal(want.Bytes, b) {
			return &value.Mismatch{Msg: "the data differs", Want: want.Bytes, Got: append([]byte(nil), b...), Data: true}
		}
		env.Known(event.Shifted(want.Marks, got.At))
	}
	if m.Contains.Given() {
		want, err := m.Contains.Blob(env)
		if err != nil {
			return err
		}
		switch at := bytes.Index(b, want.Bytes); {
		case at >= 0:
			env.Known(event.Shifted(want.Marks, got.At+at))
		case !got.Found:
			return &value.Mismatch{Msg: "expected data that contains " + value.Quote(string(want.Bytes)) + ", got " + DescribeLong(b)}
		}
	}
	if err := m.checkLacks(env, b); err != nil {
		return err
	}
	if err := m.Size.Expect(env, got.Size, "bytes"); err != nil {
		return err
	}
	if err := m.CheckSum(env, &got); err != nil {
		return err
	}
	if err := m.groups(env, b); err != nil || got.LaidOut || !m.Layout.Given() {
		return err
	}
	return m.Layout.Check(env, b, got.At)
}

// checkLacks looks for what must not be there.
func (m *Match) checkLacks(env value.Env, b []byte) error {
	if !m.Lacks.Given() {
		return nil
	}
	not, err := m.Lacks.Bytes(env)
	if err == nil && bytes.Contains(b, not) {
		err = &value.Mismatch{Msg: "expected data that does not contain " + value.Quote(string(not)) + ", got " + DescribeLong(b)}
	}
	return err
}

// Named visits what the conditions give, in their order.
func (m *Match) Named(visit func(Gives)) {
	for _, name := range m.Matches.Groups() {
		visit(Gives{Name: name, At: m.Matches.Node})
	}
	m.Layout.Walk(visit)
}

// Names are the names that the conditions give.
func (m *Match) Names() []string { return append(m.Matches.Groups(), m.Layout.Names()...) }

// CheckSum compares the SHA-256 of what came with the expectation.
func (m *Match) CheckSum(env value.Env, r *Received) error {
	if !m.SHA256.Given() {
		return nil
	}
	want, err := m.SHA256.Eval(env)
	if err != nil {
		return err
	}
	if got := r.digest(); !strings.EqualFold(want, got) {
		return value.Mismatchf("expected data with the SHA-256 %s, got %s", want, got)
	}
	return nil
}

// groups checks the regular expression and sets its named groups.
func (m *Match) groups(env value.Env, b []byte) error {
	if !m.Matches.Given() {
		return nil
	}
	re, err := m.Matches.Eval(env)
	if err != nil {
		return err
	}
	found, err := findRegexp(env, re, b)
	if err != nil {
		return err
	}
	if found == nil {
		return &value.Mismatch{Msg: "expected data that matches " + re.String() + ", got " + DescribeLong(b)}
	}
	for i, name := range re.SubexpNames() {
		if name == "" {
			continue
		}
		if from, to := found[2*i], found[2*i+1]; from >= 0 {
			env.Set(name, env.Piece(string(b[from:to]), from))
		} else {
			env.Set(name, "")
		}
	}
	return nil
}

// LongShown is how many bytes DescribeLong shows.
const LongShown = 4096

// DescribeLong shows data in which something was searched: much of it, so that
// the reader sees why it was not found.
func DescribeLong(b []byte) string {
	if len(b) == 0 {
		return "nothing"
	}
	if len(b) <= LongShown {
		return event.Shown(string(b))
	}
	return fmt.Sprintf("%s and %d more bytes", event.Shown(string(b[:LongShown])), len(b)-LongShown)
}

// DescribeData shows data in a message, cut to a readable length.
func DescribeData(b []byte) string {
	if len(b) == 0 {
		return "nothing"
	}
	return value.Quote(string(b))
}
