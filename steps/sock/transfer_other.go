//go:build !linux

package sock

import (
	"errors"
	"runtime"
)

var errNoTransfer = errors.New("sendfile and splice are those of Linux, not of " + runtime.GOOS)

// Sendfile fails: it is the call of Linux.
func (s *Socket) Sendfile(Wait, *Socket, *int64, int) (int, error) { return 0, errNoTransfer }

// Splice fails: only Linux has it.
func (s *Socket) Splice(Wait, *Socket, *int64, int, int) (int, error) { return 0, errNoTransfer }

// SpliceFlags are those of Linux.
var SpliceFlags = &FlagSet{table: &constants{"SPLICE_F_", []constant{
	{"SPLICE_F_MOVE", 1}, {"SPLICE_F_NONBLOCK", 2}, {"SPLICE_F_MORE", 4}, {"SPLICE_F_GIFT", 8},
}}}
