package scenarios

import (
	"runtime"
	"testing"
)

// entered counts how often something was asked in the network.
type entered int

func (e *entered) Within(f func()) {
	*e++
	f()
}

// What depends on the network is asked in the scenario's, and nothing else is.
func TestRequirementsOfNetwork(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"root": runtime.GOOS == "linux", "cap:NET_RAW": runtime.GOOS == "linux",
		"ipv6": true, "socket:udp": true, "cmd:sh": false, "env:HOME": false, "kernel>=1": false, "os:linux": false,
	} {
		r, hint := parseRequirement(text)
		if hint != "" {
			t.Fatal(text, hint)
		}
		var network entered
		r.Unmet(t.Context(), &network)
		if got := network > 0; got != want {
			t.Errorf("%s: the network was asked %d times", text, network)
		}
	}
	var network entered
	command := Requirement{form: requirementOf(commandWord), argv: []string{"true"}, dir: "."}
	if why := command.Unmet(t.Context(), &network); why != "" || network != 1 {
		t.Errorf("command: %q, the network was asked %d times", why, network)
	}
}
