package option

import (
	"fmt"
	"sync"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// controlForms has no entry for what is raw bytes or descriptors. It is made
// when it is first asked for: few processes do.
var controlForms = sync.OnceValue(func() map[sock.ControlKind]*Form {
	return map[sock.ControlKind]*Form{
		sock.CtlInt:         intForm.as("a number", "a whole number of 32 bits"),
		sock.CtlUint16:      shortForm.as("a number", "a whole number of 16 bits"),
		sock.CtlUint64:      longForm.as("a number", "a whole number of 64 bits"),
		sock.CtlCredentials: ucredForm,
		sock.CtlPktinfo:     pktinfoForm(ipv4, "interface", "local", "dst"),
		sock.CtlPktinfo6:    pktinfoForm(ipv6, "interface", "local"),
		sock.CtlRecverr: {
			What: "{errno, origin, type, code, info, offender}, or {errno, origin, code, info, data} of a notice",
			fields: []field{
				{name: "errno", words: errnosOrNone},
				{name: "origin", words: sock.ErrorOrigins},
				{name: "type"},
				{name: "code"},
				{name: "info"},
				{name: "data"},
				{name: "offender", free: true},
			},
			Decode: decodeRecverr,
		},
		sock.CtlTimeval:  timeForm,
		sock.CtlTimespec: timeForm,
		sock.CtlTimestamping: {
			What: "{software, hardware}", Takes: "SOF_TIMESTAMPING_ flags", varies: true, fields: numbers("software", "hardware"),
			Encode: encodeTimestamping, received: receivedTimestamps,
		},
		sock.CtlAddr: {What: "an address", Decode: decodeSockaddr},
	}
})

var timeForm = &Form{What: "nanoseconds since 1970", isNumber: true, varies: true, received: receivedTime}

func errnosOrNone() []string { return append(sock.ErrnoNames(), "0") }

// DecodeControl reads a piece that is not a descriptor.
func DecodeControl(c sock.Control) any {
	form := controlForms()[c.Kind]
	if form == nil {
		return shortHex(c.Data)
	}
	if v, err := form.read(c); err == nil {
		return v
	}
	if form.varies {
		return fmt.Sprintf("<%d bytes>", len(c.Data)) // cut off
	}
	return shortHex(c.Data)
}

func (f *Form) read(c sock.Control) (any, error) {
	if f.received != nil {
		return f.received(c)
	}
	return f.Decode(c.Data)
}

// shortHex is raw bytes as the transcript shows them.
func shortHex(b []byte) string {
	if len(b) > event.DataShown {
		return fmt.Sprintf("hex:%x... (%d bytes)", b[:event.DataShown], len(b))
	}
	return fmt.Sprintf("hex:%x", b)
}
