package jail

import (
	"os"
	"strings"
)

// What helps.
const (
	orLess    = ", or use --sandbox=best-effort to run the scenario with what there is"
	offRemedy = "run the scenario with --sandbox=off if you trust it"
)

// namespaceRemedy is what helps where the kernel makes no user namespaces, or
// gives no rights in them.
func namespaceRemedy() string {
	for _, s := range []struct{ name, bad, good string }{
		{"kernel.apparmor_restrict_unprivileged_userns", "1", "0"},
		{"kernel.unprivileged_userns_clone", "0", "1"},
		{"user.max_user_namespaces", "0", "10000"},
	} {
		text, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(s.name, ".", "/"))
		if err == nil && strings.TrimSpace(string(text)) == s.bad {
			return "let the administrator set " + s.name + "=" + s.good + orLess
		}
	}
	return "let the container or the administrator allow user namespaces" + orLess
}
