package steps

// tlsEnd is how a receive over TLS must end, beyond the end of file.
type tlsEnd struct {
	alert     Alerts
	truncated Bool
}

func (w *tlsEnd) params(p *Params) {
	p.Result("alert", &w.alert, "over TLS: the alert that must end the connection, sent or received")
	p.Result("truncated", &w.truncated, "over TLS: the end of file must come without close_notify")
}

// overTLS takes the failures of TLS that the step expects as the end of what it
// receives.
func (r *receiver) overTLS(err error) error {
	e, ok := asTLSError(err)
	if !ok {
		return err
	}
	if d := r.h.Sock.Desc(); e.sent {
		r.t.Event.Also = &Transfer{Sock: d.ID, Offset: d.TX.Load()}
	}
	want := &r.action.end
	r.failure, r.eof = e, e.reason == earlyEOF
	if r.eof && want.truncated.On || want.alert.Has(e.alert) {
		return nil
	}
	r.returns()
	if want.alert.Given() {
		return mismatch("expected the alert %s, but %s", &want.alert, e)
	}
	return err
}

// check holds the end against the expectation where the bytes came to it
// without a failure.
func (w *tlsEnd) check(r *receiver) error {
	switch {
	case r.failure != nil:
		return nil
	case w.alert.Given():
		return mismatch("expected the alert %s, got %s", &w.alert, describeData(r.data))
	case w.truncated.On && r.eof:
		return mismatch("expected the end of file without close_notify, but it came with it")
	case w.truncated.On:
		return mismatch("expected the end of file without close_notify, got %s", describeData(r.data))
	}
	return nil
}
