package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/value"
)

// CommandActor is the name of the actor that stands for a command which is run
// beside a scenario.
const CommandActor = "command"

// addCommand adds the command's actor to the document's tree.
func addCommand(n *source.Node, command []string) source.Problems {
	actors := n.Get("actors")
	if actors == nil || actors.Kind != source.Map {
		return nil // the decoder reports that
	}
	for _, e := range actors.Entries {
		if e.Key.Text == CommandActor {
			p := e.Key.Problem("the name %s is taken by the actor of the command", CommandActor)
			return source.Problems{p.WithHint("give this actor another name")}
		}
	}
	docs, problems := source.Parse("the command", []byte(commandText(command, addresses(actors))))
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
// find. Those of replicas have no single name, and of one that may never be there
// none can be told.
func addresses(actors *source.Node) []string {
	var names []string
	for _, a := range actors.Entries {
		body := a.Value
		if body.Kind == source.Map {
			if body.Get("count") != nil {
				continue
			}
			body = body.Get("steps")
		}
		if body == nil {
			continue
		}
		datagram := make(map[string]bool)
		for _, step := range body.Items {
			if step.Get("expect") != nil || step.Get("when") != nil {
				continue
			}
			if s := step.Get("socket"); s != nil && isDatagram(s) && step.Get("as") != nil {
				datagram[step.Get("as").Text] = true
			}
			handle := step.Get("listen")
			if h := step.Get("bind"); h != nil && datagram[h.Text] {
				handle = h
			}
			if handle == nil || !value.IsName(handle.Text) {
				continue
			}
			if name := a.Key.Text + "." + handle.Text; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// isDatagram reports whether a socket step makes one that others can find once
// it is bound.
func isDatagram(n *source.Node) bool {
	word := n.Text
	if t := n.Get("type"); t != nil {
		word = t.Text
	}
	spec, ok := steps.SocketOf(word)
	if ok {
		return spec.SockType == unix.SOCK_DGRAM
	}
	return strings.EqualFold(strings.TrimPrefix(strings.ToUpper(word), "SOCK_"), "dgram")
}
