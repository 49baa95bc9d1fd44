package sock

import (
	"context"
	"testing"
)

// Ids of descriptions have a part that differs between processes, and are
// counted beside it.
func TestDescriptionIDs(t *testing.T) {
	a, b := NewGroup(context.Background(), nil), NewGroup(context.Background(), nil)
	defer a.Close()
	defer b.Close()
	first, second, other := a.lastID.Add(1), a.lastID.Add(1), b.lastID.Add(1)
	if first>>32 != uint64(processPart()) || second != first+1 || other != first {
		t.Errorf("ids %x, %x and %x; the part of this process is %x", first, second, other, processPart())
	}
}
