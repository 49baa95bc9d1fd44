package runnertest

import (
	"os"
	"testing"

	"github.com/sockscript/sockscript/runner/userns"
)

// Main runs the tests, and ends the process with their status. It is for
// TestMain of a package whose scenarios have networks of their own:
//
//	func TestMain(m *testing.M) { runnertest.Main(m) }
//
// An ordinary user may make such networks in a user namespace only
// (user_namespaces(7)). Main runs the test binary once more in one; without it
// these scenarios are skipped or fail. In the namespace, the ids of other users
// and groups are 65534.
func Main(m *testing.M) {
	if status, ok := userns.Again(); ok {
		os.Exit(status)
	}
	os.Exit(m.Run())
}
