package wire

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"
)

// A path decides what becomes of the frames of a link. It knows no socket and
// no clock: frames and times go in, frames go out. Nothing in it may be called
// at the same time.
type path struct {
	lanes     []lane // one for each end
	rules     []*rule
	isCut     bool
	cuts      hits
	flows     flows               // nil where there is no rule
	addresses map[[6]byte]int     // behind which end an address is; nil for two ends
	queue     *queue              // shared by the links of a wire
	emit      func([]int, []byte) // sends a frame to ends; the frame is not changed after
	overflow  func()              // called when more than [MaxHeld] would be held
}

// A lane is the direction away from an end.
type lane struct {
	impairment   Impairment
	others       []int         // the other ends
	free         time.Duration // when the last frame has left, at the rate of the link
	last         time.Duration // when the last frame arrives
	loss, jitter *rand.Rand
}

// tooLarge reports whether the packet in a frame is larger than the MTU.
func (l *lane) tooLarge(frame []byte) bool {
	return l.impairment.MTU > 0 && len(frame)-etherHeader > l.impairment.MTU
}

// maxAddresses is how many link-layer addresses a link learns.
const maxAddresses = 4096

// Fate is what became of a frame.
type Fate struct {
	Kind FateKind
	// Fault is the name of the rule that acted, and Act what it did; the name
	// is empty where none did.
	Fault string
	Act   Act
}

// FateKind says what happened to a frame, the rules of the link apart.
type FateKind int

// What happens to frames.
const (
	Carried  FateKind = iota // to the ends that it is for, and as the rule says
	Lost                     // by the loss of the link
	InCut                    // the link was cut
	TooLarge                 // for the MTU of the link
)

// newPath is a path between this number of ends. Impairments are those of the
// ends, by their places; an end behind the last of them has none.
func newPath(ends int, impairments []Impairment, faults []Fault, q *queue) *path {
	p := &path{lanes: make([]lane, ends), queue: q}
	for end := range p.lanes {
		var i Impairment
		if end < len(impairments) {
			i = impairments[end]
		}
		p.lanes[end].impairment = i
		p.lanes[end].loss, p.lanes[end].jitter = decisions(i.LossSeed, end), decisions(i.JitterSeed, end)
		for other := range ends {
			if other != end {
				p.lanes[end].others = append(p.lanes[end].others, other)
			}
		}
	}
	if ends > 2 {
		p.addresses = map[[6]byte]int{}
	}
	for _, f := range faults {
		p.rules = append(p.rules, &rule{Fault: f, counts: make([]int, ends)})
		p.flows = flows{}
	}
	return p
}

// decisions are the random ones of an end.
func decisions(seed uint64, end int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(end))) }

// impair changes what is done to all frames of each end. A sequence of
// decisions goes on.
func (p *path) impair(change func(end int, i *Impairment)) {
	for end := range p.lanes {
		change(end, &p.lanes[end].impairment)
	}
}

// cut cuts the path or makes it whole. What is under way is lost with the cut.
func (p *path) cut(on bool) {
	p.isCut = on
	if !on {
		return
	}
	for range p.queue.remove(p) {
		p.cuts.add()
	}
	for _, r := range p.rules {
		for _, f := range r.held {
			p.queue.bytes -= len(f.frame)
			p.cuts.add()
		}
		r.held = nil
	}
}

// arm sets a rule on or off. It counts from there. What it holds goes on.
func (p *path) arm(now time.Duration, r *rule, on bool) {
	r.Off = !on
	clear(r.counts)
	waiting := r.held
	r.held = nil
	for _, f := range waiting {
		p.release(now, f)
	}
}

// enter takes a frame from an end. The frame is the caller's; it may be used
// again once what was emitted has been sent.
func (p *path) enter(now time.Duration, from int, frame []byte) Fate {
	var h headers
	if len(p.rules) > 0 || p.addresses != nil {
		h = parse(frame)
	}
	to := p.route(&h, from)
	if p.flows != nil {
		p.flows.see(&h)
	}
	turns := p.count(&h, from, to)
	switch {
	case p.isCut:
		p.cuts.add()
		return Fate{Kind: InCut}
	case p.lanes[from].tooLarge(frame):
		return Fate{Kind: TooLarge}
	}
	fate := p.act(now, &h, from, to, frame, turns)
	p.pass(now, &h, from, to)
	return fate
}

// route is where a frame goes: to the end behind which its address is, to all
// others where it is not known, as a learning bridge does (IEEE 802.1D).
func (p *path) route(h *headers, from int) []int {
	others := p.lanes[from].others
	if p.addresses == nil {
		return others
	}
	const group = 1
	if _, known := p.addresses[h.from]; h.from[0]&group == 0 && (known || len(p.addresses) < maxAddresses) {
		p.addresses[h.from] = from
	}
	end, known := p.addresses[h.to]
	switch {
	case !known:
		return others
	case end == from:
		return nil
	}
	at := slices.Index(others, end)
	return others[at : at+1]
}

// count lets every rule that describes a frame count it, and returns those
// whose turn has come.
func (p *path) count(h *headers, from int, to []int) (turns []*rule) {
	for _, r := range p.rules {
		if !r.Off && r.Match.matches(h, from, to, p.flows) && r.counted(from) {
			turns = append(turns, r)
		}
	}
	return turns
}

// act does to a frame what the first rule says whose turn has come. A rule that
// names the end to which a frame goes acts on the copy for that end only.
func (p *path) act(now time.Duration, h *headers, from int, to []int, frame []byte, turns []*rule) Fate {
	for i, r := range turns {
		part := to
		if end := r.Match.To; end >= 0 && len(to) > 1 {
			at := slices.Index(to, end)
			if at < 0 {
				continue // an earlier rule has acted on this copy
			}
			part = to[at : at+1]
		}
		fate := Fate{Kind: p.apply(r, now, h, from, part, frame), Fault: r.Name, Act: r.Act}
		if len(part) < len(to) {
			rest := slices.DeleteFunc(slices.Clone(to), func(end int) bool { return end == part[0] })
			p.act(now, h, from, rest, frame, turns[i+1:])
		}
		return fate
	}
	return Fate{Kind: p.send(now, from, to, frame, 0)}
}

// apply does to a frame what a rule says.
func (p *path) apply(r *rule, now time.Duration, h *headers, from int, to []int, frame []byte) (kind FateKind) {
	switch r.Act {
	case Drop:
	case Duplicate:
		kind = p.send(now, from, to, frame, 0)
		p.send(now, from, to, frame, 0)
	case Delay:
		kind = p.send(now, from, to, frame, r.By)
	case Reorder:
		if p.hold(len(frame)) {
			// pass counts this frame too.
			r.held = append(r.held, held{from, to, bytes.Clone(frame), max(r.Behind, 1) + 1})
		}
	case Corrupt:
		kind = p.send(now, from, to, corrupted(frame, h, r.Byte), 0)
	}
	first, _, _ := p.flows.bytes(h)
	r.note(frame, first)
	r.add()
	return kind
}

// pass lets the frames go on that a rule has held behind this one.
func (p *path) pass(now time.Duration, h *headers, from int, to []int) {
	for _, r := range p.rules {
		if len(r.held) == 0 || !r.Match.matches(h, from, to, p.flows) {
			continue
		}
		waiting := r.held[:0]
		for _, f := range r.held {
			if f.from == from {
				f.behind--
			}
			if f.behind > 0 {
				waiting = append(waiting, f)
			} else {
				p.release(now, f)
			}
		}
		clear(r.held[len(waiting):])
		r.held = waiting
	}
}

// release sends a frame that was held.
func (p *path) release(now time.Duration, f held) {
	p.queue.bytes -= len(f.frame)
	p.send(now, f.from, f.to, f.frame, 0)
}

// send sends a frame on its way through the impairments of the link. Frames of
// a direction keep their order, whatever their jitter, but for one that a rule
// delays: others overtake it.
func (p *path) send(now time.Duration, from int, to []int, frame []byte, by time.Duration) FateKind {
	l, due := &p.lanes[from], now
	i := &l.impairment
	if i.Loss > 0 && l.loss.Float64() < i.Loss {
		return Lost
	}
	if i.Rate > 0 {
		l.free = max(l.free, now) + time.Duration(float64(len(frame)*8)/float64(i.Rate)*float64(time.Second))
		due = l.free
	}
	due += i.Delay
	if i.Jitter > 0 {
		due += time.Duration(l.jitter.Int64N(int64(i.Jitter) + 1))
	}
	if by > 0 {
		due += by
	} else {
		due = max(due, l.last)
		l.last = due
	}
	switch {
	case len(to) == 0:
	case due <= now:
		p.emit(to, frame)
	case p.hold(len(frame)):
		p.queue.add(waitingFrame{due: due, path: p, to: to, frame: bytes.Clone(frame)})
	}
	return Carried
}

// hold asks for room for a frame that is to be sent later.
func (p *path) hold(size int) bool {
	if p.queue.bytes+size > MaxHeld {
		p.overflow()
		return false
	}
	p.queue.bytes += size
	return true
}
