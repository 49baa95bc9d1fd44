//go:build !linux

package sweeper

import "errors"

// start starts no process: only Linux has a name for this binary also where its
// file has been removed.
func (s *Sweeper) start() error { return errors.ErrUnsupported }

// Close does nothing.
func (s *Sweeper) Close() {}
