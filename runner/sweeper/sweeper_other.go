//go:build !linux

package sweeper

import "errors"

// start starts no process: only Linux has a name for this binary also where its
// file has been removed.
func start() error { return errors.ErrUnsupported }

// stop does nothing.
func stop() {}
