package steps

import (
	"fmt"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/step"
)

// sendLarge sends a payload piece by piece.
func (a *sendAction) sendLarge(t *step.Task, h *handle.Handle, c payload.Content) error {
	defer t.GiveBack()
	sum, hashed := c.Digest()
	r, buf := c.Open(), t.Buffer(payload.StreamChunk)
	sent := int64(0)
	for sent < c.Size {
		piece, err := payload.NextPiece(r, buf[:min(payload.StreamChunk, c.Size-sent)])
		if err != nil {
			return err
		}
		if sent == 0 {
			first := t.Data(piece[:min(len(piece), t.Ahead())])
			first.Len = int(c.Size)
			t.Call(a.callOn(h).name, h.Part(), first, event.Count(c.Size))
		}
		hashed.Write(piece)
		for len(piece) > 0 {
			k, err := a.oneCall(h, t.FreshWait(), [][]byte{piece}, nil, nil)
			t.Act(event.OpSend, h)
			t.Event.Offset = h.Sock.Desc().TX.Load()
			if err != nil {
				t.Missing = fmt.Sprintf("%d of %d bytes are sent", sent, c.Size)
				return a.partly(int(sent), t.Step.Mask.On, err)
			}
			piece, sent = piece[k:], sent+int64(k)
		}
	}
	t.Return(event.Count(sent), sum)
	if err := t.SetAs(0, int(sent)); err != nil {
		return err
	}
	return a.size.Expect(t, sent, "bytes sent")
}
