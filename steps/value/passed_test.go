package value

import (
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
)

// Only values of the closed set pass from one actor to another, however deep
// they stand.
func TestPass(t *testing.T) {
	type flags int
	for _, v := range []any{
		nil, "text", []byte("bytes"), true, 5, uint64(1) << 63, int32(5), 1.5, flags(3), time.Second, time.Now(),
		&Endpoint{Address: "127.0.0.1:1"}, &ErrnoValue{Name: "EPIPE"}, &ProgramValue{Name: "p", Pid: 1},
		Whole(5, event.Origin{Word: "pid"}),
		[]any{1, "a", []any{true}},
		map[string]any{"a": []int{1}},
		[]string{"a"},
		map[string]int{"a": 1},
		[2]bool{},
	} {
		got, err := Pass(v).Value()
		if err != nil || !Same(got, v) || !Pass(v).Same(Pass(v)) {
			t.Errorf("%T: %v, %v", v, got, err)
		}
	}
	h := &handle.Handle{Name: "h"}
	for _, v := range []any{
		h, &BranchValue{Name: "b"}, func() {}, make(chan int), &flagged{},
		[]any{1, h},
		map[string]any{"a": []any{h}},
		[]*handle.Handle{h},
		map[string]*handle.Handle{"a": h},
		Traced{Value: h},
		[1]any{h},
	} {
		if got, err := Pass(v).Value(); err == nil || got != nil || !strings.Contains(err.Error(), "cannot pass from one actor to another: ") {
			t.Errorf("%T passes: %v, %v", v, got, err)
		}
		if Pass(v).Same(Pass(nil)) {
			t.Errorf("%T, which does not pass, is the same as nothing", v)
		}
	}
}

type flagged struct{ *handle.Handle }

func TestNothingIsSeenInMessages(t *testing.T) {
	for want, v := range map[string]any{`""`: "", "nil": nil, "x": "x", "5": 5, "[]": []any{}} {
		if got := InMessage(v); got != want {
			t.Errorf("%#v is shown as %s, not %s", v, got, want)
		}
	}
}
