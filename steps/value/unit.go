package value

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
)

// ParseSize reads a number of bytes: 17, 17B, 128KiB, 4MiB, 1GiB.
func ParseSize(s string) (int64, error) {
	digits, shift := s, 0
	for i, suffix := range []string{"B", "KiB", "MiB", "GiB"} {
		if rest, ok := strings.CutSuffix(s, suffix); ok && (i > 0 || !strings.HasSuffix(rest, "i")) {
			digits, shift = rest, 10*i
		}
	}
	n, err := strconv.ParseUint(digits, 10, 62-shift)
	if err != nil {
		return 0, fmt.Errorf("%s is not a size; write bytes as 1024, or with a unit as 64KiB, 4MiB, 1GiB", Quote(s))
	}
	return int64(n) << shift, nil
}

// FormatSize writes a number of bytes so that ParseSize reads it back.
func FormatSize(n int64) string {
	for _, u := range []struct {
		shift int
		name  string
	}{{30, "GiB"}, {20, "MiB"}, {10, "KiB"}} {
		if n >= 1<<u.shift && n&(1<<u.shift-1) == 0 {
			return strconv.FormatInt(n>>u.shift, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// plainNumber is a number that lacks only a unit to be a duration.
var plainNumber = source.Pattern(`^-?[0-9]+(\.[0-9]*)?$`)

// ParseDuration reads a duration that is not negative; a number needs its
// unit, except 0.
func ParseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, notDuration(s)
	}
	if d < 0 {
		return 0, negative(s)
	}
	return d, nil
}

// notDuration says why a text is no duration, and what would be one.
func notDuration(s string) error {
	plain := plainNumber().MatchString(s)
	_, withUnit := time.ParseDuration(s + "s")
	switch {
	case plain && s[0] == '-':
		return negative(s)
	case plain && withUnit == nil:
		return fmt.Errorf("%s has no unit; write %ss or %sms", s, s, s)
	case plain || durations().MatchString(s):
		return fmt.Errorf("%s is too long; a duration must be %dh or less", s, math.MaxInt64/int64(time.Hour))
	}
	return fmt.Errorf("%s is not a duration; write it as 250ms, 2s or 1m30s", Quote(s))
}

func negative(s string) error { return fmt.Errorf("%s is negative; a duration must be 0 or more", s) }

// durations are the texts that have the form of one.
var durations = source.Pattern(durationPattern)
