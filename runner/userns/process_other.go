//go:build !linux

package userns

import (
	"errors"

	"github.com/sockscript/sockscript/runner/remote"
)

func startProcess() (*remote.Process, error) { return nil, errors.New("only Linux has them") }

// Again does nothing: ok is false.
func Again() (status int, ok bool) { return 0, false }
