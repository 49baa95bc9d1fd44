package steps

import "fmt"

// sendLarge sends a payload piece by piece.
func (a *sendAction) sendLarge(t *Task, h *Handle, c content) error {
	defer t.giveBack()
	sum, hashed := c.digest()
	r, buf := c.open(), t.buffer(streamChunk)
	sent := int64(0)
	for sent < c.size {
		piece, err := nextPiece(r, buf[:min(streamChunk, c.size-sent)])
		if err != nil {
			return err
		}
		if sent == 0 {
			first := t.data(piece[:min(len(piece), DataShown)])
			first.Len = int(c.size)
			t.Call(a.callName(h), Name(h.Name), first, int(c.size))
		}
		hashed.Write(piece)
		for len(piece) > 0 {
			k, err := a.oneCall(h, t.freshWait(), [][]byte{piece}, nil, nil)
			t.act(OpSend, h)
			t.Event.Offset = h.Sock.Desc().TX.Load()
			if err != nil {
				t.missing = fmt.Sprintf("%d of %d bytes are sent", sent, c.size)
				return err
			}
			piece, sent = piece[k:], sent+int64(k)
		}
	}
	t.Return(int(sent), sum)
	if err := t.setAs(0, int(sent)); err != nil {
		return err
	}
	return a.size.expect(t, sent, "bytes sent")
}
