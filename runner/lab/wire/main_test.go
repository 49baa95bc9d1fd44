package wire

import (
	"os"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

func TestMain(m *testing.M) {
	ci.Together()
	os.Exit(m.Run())
}
