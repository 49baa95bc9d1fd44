package report

import (
	"fmt"
	"io"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
)

// A RaceObject is a race of a run: events whose order nothing fixes. It is an
// item of the field races of a scenario.
type RaceObject struct {
	Actor string `json:"actor" doc:"the actor whose step shows the race"`
	Step  string `json:"step" doc:"the step that shows which event came first: accept(listener)"`
	Place
	Message string        `json:"message" doc:"the warning"`
	Hint    string        `json:"hint" doc:"what helps"`
	Between []RacerObject `json:"between" doc:"the events, in the order of the file"`
}

// A RacerObject is an event of a race. It is an item of the field between of a
// race.
type RacerObject struct {
	Actor string `json:"actor" doc:"the actor; replicas go by the actor's name alone"`
	Step  string `json:"step" doc:"the step: connect(sock)"`
	Place
}

// races are those of the run that an outcome reports, however many runs there
// were.
func (o *Outcome) races() []history.Race {
	if o.Result == nil {
		return nil
	}
	return o.Result.Races()
}

func (o *Outcome) raceObjects() []RaceObject {
	var list []RaceObject
	for _, r := range o.races() {
		p, taker := r.Problem(), r.Taker
		object := RaceObject{
			Actor: taker.Actor, Step: taker.Event.Place.Title, Place: placeOf(p.Pos), Message: p.Msg, Hint: p.Hint,
		}
		for _, x := range r.Racers {
			at := x.Event.Place
			object.Between = append(object.Between, RacerObject{Actor: x.Actor, Step: at.Title, Place: placeOf(at.Pos)})
		}
		list = append(list, object)
	}
	return list
}

// An UnaskedObject is a packet for a far end that the script played, which no
// step has taken. It is an item of the field unasked of a scenario.
type UnaskedObject struct {
	Actor string `json:"actor" doc:"the actor whose peer it is"`
	Peer  string `json:"peer" doc:"the peer"`
	Place
	Packet  string `json:"packet" doc:"the first such packet"`
	Count   int    `json:"count" doc:"how many there were"`
	Message string `json:"message" doc:"the warning"`
}

func (o *Outcome) unaskedObjects() []UnaskedObject {
	var list []UnaskedObject
	for _, u := range o.Result.Unasked {
		p := u.Problem()
		list = append(list, UnaskedObject{u.Actor, u.Peer, placeOf(p.Pos), u.First, u.Count, p.Msg})
	}
	return list
}

// warnings are the races, and the packets that nobody took.
func (o *Outcome) warnings() source.Problems {
	var ps source.Problems
	if o.Result != nil {
		for _, u := range o.Result.Unasked {
			ps = append(ps, u.Problem())
		}
	}
	for _, r := range o.races() {
		ps = append(ps, r.Problem())
	}
	return ps
}

// races writes the warnings of a scenario's races, beneath what was written of
// it.
func (t *Text) races(o *Outcome) error {
	if t.Verbosity == Quiet && o.Status() != history.Failed {
		return nil
	}
	ps := o.warnings()
	if len(ps) == 0 {
		return nil
	}
	return t.block(func(w io.Writer) error {
		_, err := fmt.Fprintln(w, ps.Within(t.Style.Width))
		return err
	})
}
