package steps_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/value"
)

// FuzzUnpack: whatever the bytes, a layout takes them apart or says what is
// wrong with them, and a receive from a stream says the same as unpack.
func FuzzUnpack(f *testing.F) {
	for _, data := range []string{"", "\x00", "\x07\x01\x03abc5:hello\x80\x01rest", "\x07\x01\x03abc5:hello\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x07\x01\xff", "\x07\x01\x0099999999999999999999:"} {
		f.Add([]byte(data))
	}
	const layout = `[{u8: {as: a}}, {i8: {as: b, expect: '>=-100'}}, {prefixed: {by: u8, as: c}}, ` +
		`{prefixed: {by: {decimal: ':'}, layout: [{u16be: {as: d}}, {rest: {as: e}}]}}, {varint: any}, {bytes: {size: '${a % 9}', as: g}}]`
	f.Fuzz(func(t *testing.T, data []byte) {
		run := func(steps string) error {
			r := runner.Run(context.Background(), parse(t, pair(steps)), runner.Options{})
			if r.Status == history.Passed {
				return nil
			}
			if m := (*value.Mismatch)(nil); !errors.As(r.Failure.Err, &m) {
				t.Fatalf("%q: %v", data, r.Failure.Err)
			}
			return r.Failure.Err
		}
		whole := run(fmt.Sprintf("- unpack: [{hex: '%x'}]\n  layout: [%s, {rest: any}]", data, layout[1:len(layout)-1]))
		stream := run(fmt.Sprintf("- send: a\n  data: {hex: '%x'}\n- close: a\n- recv: b\n  expect: {layout: %s}", data, layout))
		if (whole == nil) != (stream == nil) {
			t.Errorf("%q: unpack says %v, recv %v", data, whole, stream)
		}
	})
}
