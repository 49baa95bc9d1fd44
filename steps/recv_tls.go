package steps

import (
	"github.com/sockscript/sockscript/steps/event"
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
