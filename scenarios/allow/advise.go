package allow

import (
	"cmp"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// What a message says where the kernel has refused something, and the path that
// it was about.
var (
	refusal = source.Pattern(`\b(EACCES|EPERM|ENOENT|EROFS|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|EADDRNOTAVAIL|ENODEV)\b|no such file or directory|there is no file|permission denied|read-only file system`)
	inPath  = source.Pattern(`/[^\s"':;,()]+`)
)

// Advise adds to the message of a failed step what allows the needs of the step
// of which only the run could tell, where the sandbox may be the reason. The
// call is the line that shows it; "" where none was made.
func Advise(message, call string, late []scenarios.Need) string {
	first, rest, more := strings.Cut(message, "\n")
	if len(late) == 0 || !refusal().MatchString(first) {
		return message
	}
	n := late[0]
	if n.Access == string(value.ReadFile) || n.Access == string(value.WriteFile) {
		n.Path = cmp.Or(inPath().FindString(first), inPath().FindString(call))
	}
	first += "; if the sandbox is the reason, run with --allow " + advice(n)
	if more {
		first += "\n" + rest
	}
	return first
}
