package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/step"
)

// CommandActor is the name of the actor that stands for a command which is run
// beside a scenario.
const CommandActor = "command"

// addCommand adds the command's actor to the document's tree.
func addCommand(n *source.Node, o Options) source.Problems {
	actors, sequence := n.Get("actors"), n.Get("sequence")
	if actors == nil && sequence != nil {
		key := &source.Node{Kind: source.Scalar, Text: "actors", Pos: n.Pos, File: n.File}
		actors = &source.Node{Kind: source.Map, Pos: n.Pos, File: n.File}
		n.Entries = append(n.Entries, source.Entry{Key: key, Value: actors})
	}
	if actors == nil || actors.Kind != source.Map {
		return nil // the decoder reports that
	}
	for _, e := range actors.Entries {
		if e.Key.Text == CommandActor {
			p := e.Key.Problem("the name %s is taken by the actor of the command", CommandActor)
			return source.Problems{p.WithHint("give this actor another name")}
		}
	}
	docs, problems := source.Parse("the command", []byte(commandText(o.Command, addresses(n, o))))
	if len(docs) != 1 {
		return problems
	}
	key := &source.Node{Kind: source.Scalar, Text: CommandActor, Pos: docs[0].Pos, File: docs[0].File}
	actors.Entries = append(actors.Entries, source.Entry{Key: key, Value: docs[0]})
	return nil
}

// commandText is the actor's one step as a scenario would write it.
func commandText(command []string, names []string) string {
	var b strings.Builder
	b.WriteString("- exec: [")
	for i, arg := range command {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(arg))
	}
	b.WriteString("]\n  dir: .\n  mask: true\n  timeout: 1h\n")
	if len(names) > 0 {
		b.WriteString("  env:\n")
	}
	for _, name := range names {
		fmt.Fprintf(&b, "    SOCKSCRIPT_%s: ${%s}\n", strings.ReplaceAll(name, ".", "_"), name)
	}
	return b.String()
}

// addresses are the names, as actor.handle, of the sockets that others can
// find. Those of replicas have no single name, and of one that may never be
// there none can be known.
func addresses(n *source.Node, o Options) []string {
	var names []string
	s := new(Scenario)
	s.read(n, o) // what is wrong with it, the whole document reports
	for _, a := range s.Actors {
		if a.Count.Given() {
			continue
		}
		for _, name := range step.Found(s.certain(a)) {
			names = append(names, a.Name+"."+name)
		}
	}
	return names
}

// certain are the steps of an actor, but for those of turns that may not be
// taken.
func (s *Scenario) certain(a *Actor) *step.Block {
	if a.Turns {
		return step.CertainTurns(s.Sequence, a.Name)
	}
	return a.Body
}
