package source

import (
	"os"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

func TestMain(m *testing.M) {
	ci.Spacious()
	os.Exit(m.Run())
}
