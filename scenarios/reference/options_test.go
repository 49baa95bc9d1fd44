package reference

import (
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/sock"
)

// Each option and each type of ancillary data has a row in the reference and a
// text of its own.
func TestOptionsAreToldOf(t *testing.T) {
	t.Parallel()
	markdown := Markdown()
	for _, name := range OptionNames() {
		text, ok := Option(name)
		if !ok || !strings.Contains(text, name) || OptionHelp(name) == "" {
			t.Errorf("%s: %q", name, text)
		}
	}
	for _, o := range sock.Options() {
		text, _ := Option(o.Name)
		if !strings.HasPrefix(text, o.Name+" - "+o.Help+"\n") || !strings.Contains(markdown, "| `"+o.Name+"` | ") {
			t.Errorf("%s is not in both forms of the reference", o.Name)
		}
	}
	for _, name := range sock.ControlNames() {
		if text, _ := Option(name); !strings.Contains(text, name+" - ancillary data\n") || !strings.Contains(markdown, "| `"+name+"` | ") {
			t.Errorf("%s is not in both forms of the reference", name)
		}
	}
	if text, ok := Option("SO_NOTHING"); ok {
		t.Error(text)
	}
}
