package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
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
	if actors.Get(CommandActor) != nil {
		p := actors.Get(CommandActor).Problem("the actor %s is the command's", CommandActor)
		return source.Problems{p.WithHint("give this actor another name")}
	}
	docs, problems := source.Parse("the command", []byte(commandText(command, addresses(actors))))
	if len(docs) != 1 {
		return problems
	}
	actors.Entries = append(actors.Entries, docs[0].Entries...)
	return nil
}

// commandText is the actor as a scenario would write it.
func commandText(command []string, names []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:\n  - exec: [", CommandActor)
	for i, arg := range command {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(arg))
	}
	b.WriteString("]\n    dir: .\n    mask: true\n    timeout: 1h\n")
	if len(names) > 0 {
		b.WriteString("    env:\n")
	}
	for _, name := range names {
		fmt.Fprintf(&b, "      SOCKSCRIPT_%s: ${%s}\n", strings.ReplaceAll(name, ".", "_"), name)
	}
	return b.String()
}

// addresses are the names, as actor.handle, of the sockets that others can
// find. Those of replicas have no single name.
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
			if s := step.Get("socket"); s != nil && isDatagram(s) && step.Get("as") != nil {
				datagram[step.Get("as").Text] = true
			}
			if l := step.Get("listen"); l != nil && step.Get("expect") == nil {
				names = append(names, a.Key.Text+"."+l.Text)
			}
			if h := step.Get("bind"); h != nil && datagram[h.Text] && step.Get("expect") == nil {
				names = append(names, a.Key.Text+"."+h.Text)
			}
		}
	}
	return names
}

func isDatagram(n *source.Node) bool {
	return n.Text == "udp" || n.Text == "udp6" || n.Text == "unixgram"
}
