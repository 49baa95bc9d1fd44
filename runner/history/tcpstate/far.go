package tcpstate

import (
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
)

// inject lets a segment arrive that the script has sent.
func (d *deriver) inject(e *event.Event) {
	c := d.flow(e)
	if c == nil || e.Segment == nil {
		return
	}
	side := 0
	if c.ends[0].scripted {
		side = 1
	}
	if e.Opens {
		d.opened[d.at] = c
	}
	d.acts = append(d.acts, acted{conn: c, side: side})
	at, t := &c.ends[side], e.Segment
	seg := segment{
		syn: t.Flags&event.TCPSyn != 0, fin: e.Shut&event.ShutWrite != 0, rst: t.Flags&event.TCPRst != 0, data: e.Offset,
	}
	if t.Flags&event.TCPAck != 0 {
		seg.acksSyn = t.Ack >= 1 && int64(t.Ack) <= at.sent+2
		seg.acksFin = at.finSent && int64(t.Ack) == at.sent+2
	}
	if seg.rst {
		if !at.heeds(seg, t) {
			return
		}
		seg = segment{rst: true}
	}
	c.arrive(side, seg)
}

// heeds reports whether a reset has the number that is the next one: others are
// ignored or asked about (RFC 5961, section 3).
func (e *end) heeds(s segment, t *event.Segment) bool {
	if e.state == SynSent {
		return s.acksSyn
	}
	next := e.came + 1
	if e.gotFin {
		next++
	}
	return int64(t.Seq) == next
}

// segment takes one that the kernel has sent: a SYN shows that a connect is
// under way which is recorded when it has ended.
func (d *deriver) segment(e *event.Event) {
	c := d.flow(e)
	if c == nil {
		return
	}
	side := 0
	if c.ends[0].scripted {
		side = 1
	}
	d.acts = append(d.acts, acted{conn: c, side: side})
	const answer = event.TCPSyn | event.TCPAck
	if at := &c.ends[side]; at.state == Listen && e.Segment != nil && e.Segment.Flags&answer == answer {
		c.arrive(side, segment{syn: true}) // of another connection than the peer had before
	}
}

// flow is the connection of a far end; nil where the kernel has no socket for
// it.
func (d *deriver) flow(e *event.Event) *conn {
	if c := d.far[e.Sock]; c != nil {
		return c
	}
	played := d.plays[e.Sock]
	if played != (history.Connection{}) {
		listener := d.sockets[played.Listener]
		if listener == nil || listener.alone.state != Listen {
			return nil
		}
		c := d.newConn(d.at)
		c.ends[0] = end{scripted: true}
		d.queue(c, listener, played)
		d.far[e.Sock] = c
		return c
	}
	caller := d.record.Peer(e.Sock)
	if _, known := d.names[caller]; !known {
		return nil
	}
	s := d.socket(caller)
	if s.conn != nil {
		return nil
	}
	c := d.newConn(d.at)
	c.ends = [2]end{{state: Close, aborts: s.alone.aborts}, {scripted: true}}
	s.conn, c.names[0], d.far[e.Sock] = c, s.name, c
	c.open(0)
	return c
}
