package steps

import (
	"fmt"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tlsconn"
	"github.com/sockscript/sockscript/steps/value"
)

// tlsEnd is how a receive over TLS must end, beyond the end of file.
type tlsEnd struct {
	alert     tlsconn.Alerts
	truncated value.Bool
}

func (w *tlsEnd) params(p *step.Params) {
	p.Result("alert", &w.alert, "over TLS: the alert that must end the connection, sent or received")
	p.Result("truncated", &w.truncated, "over TLS: the end of file must come without close_notify")
}

// needs refuses what only TLS has where the handle has none.
func (w *tlsEnd) needs(h *handle.Handle) error {
	switch {
	case h.Above() != nil:
		return nil
	case w.alert.Given():
		return fmt.Errorf("%s does not speak TLS, which the alert is of; put a tls step before this one", h.Name)
	case w.truncated.On:
		return endWithoutTLS(h)
	}
	return nil
}

// endWithoutTLS is why a handle without TLS cannot end as truncated says.
func endWithoutTLS(h *handle.Handle) error {
	hint := "put a tls step before this one, or expect eof: true"
	if h.Messages() {
		hint = cutDatagram
	}
	return fmt.Errorf("%s does not speak TLS; %s; %s", h.Name, truncatedIs, hint)
}

const (
	truncatedIs = "truncated is the end of file of TLS without close_notify"
	cutDatagram = "where the buffer has cut a datagram, call: recvmsg returns flags: trunc"
)

// checkTruncated finds the word at a socket that cannot have TLS.
func checkTruncated(c *check.Check, truncated *value.Bool, sym *check.Symbol) {
	if truncated.On && sym != nil && sym.Sock.Datagrams() {
		c.Problem(c.Step.Expect.Node, "%s is a datagram socket; %s", sym.Name, truncatedIs).Hint = cutDatagram
	}
}

// overTLS takes the failures of TLS that the step expects as the end of what it
// receives.
func (r *receiver) overTLS(err error) error {
	e, ok := tlsconn.AsError(err)
	if !ok {
		return err
	}
	if d := r.h.Sock.Desc(); e.Sent {
		r.t.Event.Also = &event.Transfer{Sock: d.ID, Offset: d.TX.Load()}
	}
	want := &r.action.end
	r.failure, r.eof = e, e.Reason == tlsconn.EarlyEOF
	if r.eof && want.truncated.On || want.alert.Has(e.Alert) {
		return nil
	}
	r.returns()
	if want.alert.Given() {
		return value.Mismatchf("expected the alert %s, but %s", &want.alert, e)
	}
	return err
}

// check compares the end with the expectation where the bytes came to it
// without a failure.
func (w *tlsEnd) check(r *receiver) error {
	switch {
	case r.failure != nil:
		return nil
	case w.alert.Given():
		return value.Mismatchf("expected the alert %s, got %s", &w.alert, payload.DescribeData(r.data))
	case w.truncated.On && r.eof:
		return value.Mismatchf("expected the end of file without close_notify, but close_notify came")
	case w.truncated.On:
		return value.Mismatchf("expected the end of file without close_notify, got %s", payload.DescribeData(r.data))
	}
	return nil
}
