package scenarios

import (
	"regexp"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A NetworkKind says which network a scenario has.
type NetworkKind int

// The kinds of networks.
const (
	AnyNetwork     NetworkKind = iota // the one that the run has
	HostNetwork                       // the host's, and no other
	PrivateNetwork                    // one of its own, with nothing but lo
)

// A NetworkPlan is what a scenario says of its network.
type NetworkPlan struct {
	Kind    NetworkKind
	LoDown  bool     // of a private one
	Sysctls []Sysctl // of a private one, in the order of the file
	Node    *source.Node
}

// A Sysctl is a kernel parameter that is set before the actors start.
type Sysctl struct {
	Name, Value string
	Node        *source.Node
}

// Decode reads a word or a mapping.
func (v *NetworkPlan) Decode(d *value.Decoder, n *source.Node) {
	v.Node = n
	if n.Kind == source.Map {
		before := d.Count()
		d.Mapping(n, []*value.Param{{Key: privateWord, Value: &privateNetwork{v}, Help: privateHelp}}, "network")
		if v.Kind == AnyNetwork && d.Count() == before {
			d.Problem(n, "the network is empty").Hint = networkHint
		}
		return
	}
	kind, known := map[string]NetworkKind{hostWord: HostNetwork, privateWord: PrivateNetwork}[n.Text]
	if n.Kind != source.Scalar || !known {
		p := d.Problem(n, "unknown network %s", value.Shown(n))
		if p.Hint = source.DidYouMean(n.Text, []string{hostWord, privateWord}); p.Hint == "" {
			p.Hint = networkHint
		}
	}
	v.Kind = kind
}

const (
	hostWord    = "host"
	privateWord = "private"
	networkHint = "a network is host or private, or a mapping with the key private"
	loUp        = "up"
	loDown      = "down"
	privateHelp = "a network namespace with nothing but lo (network_namespaces(7)): every port is free, and nothing leaks out"
)

// Schema is that of the words and of the mapping.
func (v *NetworkPlan) Schema() value.Schema {
	settings := value.Schema{}
	for _, p := range new(privateNetwork).params() {
		settings[p.Key] = value.Described(p)
	}
	private := value.Object(settings)
	private["description"] = privateHelp
	return value.Schema{"anyOf": []value.Schema{
		{"enum": []string{hostWord, privateWord}},
		value.Object(value.Schema{privateWord: private}, privateWord),
	}}
}

// Type is what documentation calls the value.
func (v *NetworkPlan) Type() string { return "host, private or a mapping" }

// privateNetwork is the value of the key private.
type privateNetwork struct{ plan *NetworkPlan }

func (v *privateNetwork) params() []*value.Param {
	return []*value.Param{
		{Key: "lo", Value: &value.Enum{Words: []string{loUp, loDown}}, Help: loUp + " (default) or " + loDown},
		{Key: "sysctls", Value: &sysctls{}, Help: "kernel parameters of the network by name, as net.ipv4.tcp_syn_retries, set before the actors start"},
	}
}

func (v *privateNetwork) Decode(d *value.Decoder, n *source.Node) {
	v.plan.Kind = PrivateNetwork
	params := v.params()
	d.Mapping(n, params, "a private network")
	v.plan.LoDown = params[0].Value.(*value.Enum).Word == loDown
	v.plan.Sysctls = params[1].Value.(*sysctls).list
}

func (v *privateNetwork) Schema() value.Schema { return value.Schema{"type": "object"} }
func (v *privateNetwork) Type() string         { return "settings by name" }

// sysctls is a mapping of kernel parameters to their values.
type sysctls struct{ list []Sysctl }

// sysctlName is a parameter of a network: names with dots, or with slashes for
// an interface that has a dot in its name (sysctl(8)).
var sysctlName = regexp.MustCompile(`^net(\.[\w-]+)+$|^net(/[\w.@:-]+)+$`)

func (v *sysctls) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "sysctls is a mapping of names to values, not %s", n.Describe())
		return
	}
	for _, e := range n.Entries {
		s := Sysctl{Name: e.Key.Text, Value: e.Value.Text, Node: e.Key}
		switch {
		case !sysctlName.MatchString(s.Name) || strings.Contains(s.Name, "/.."):
			d.Problem(e.Key, "%q is not a kernel parameter of a network", s.Name).Hint = "its name begins with net, as in net.ipv4.tcp_syn_retries"
		case e.Value.Kind != source.Scalar:
			d.Problem(e.Value, "expected a text or a number, got %s", e.Value.Describe())
		case strings.Contains(s.Value, "${"):
			d.Problem(e.Value, "a kernel parameter of the network cannot hold an expression").Hint = "it is set before anything has a value; write it out"
		}
		v.list = append(v.list, s)
	}
}

func (v *sysctls) Schema() value.Schema {
	return value.Schema{
		"type":                 "object",
		"propertyNames":        value.Schema{"pattern": sysctlName.String()},
		"additionalProperties": value.Schema{"type": []string{"string", "number", "boolean"}},
	}
}
func (v *sysctls) Type() string { return "values by name" }
