package steps

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// sendLarge sends a payload piece by piece.
func (a *sendAction) sendLarge(t *Task, h *Handle, r io.Reader, size int64) error {
	defer t.giveBack()
	sum := sha256.New()
	buf := t.buffer(streamChunk)
	var first Data
	sent := int64(0)
	for sent < size {
		n, err := io.ReadFull(r, buf[:min(streamChunk, size-sent)])
		if err != nil {
			return err
		}
		if sent == 0 {
			first = t.data(buf[:min(n, DataShown)])
			first.Len = int(size)
			t.Call(a.callName(h), Name(h.Name), first, int(size))
		}
		sum.Write(buf[:n])
		for piece := buf[:n]; len(piece) > 0; {
			k, err := a.oneCall(h, t.freshWait(), [][]byte{piece}, nil, nil)
			t.act(OpSend, h)
			t.Event.Offset = h.Sock.Desc().TX.Load()
			if err != nil {
				t.missing = fmt.Sprintf("%d of %d bytes are sent", sent, size)
				return err
			}
			piece, sent = piece[k:], sent+int64(k)
		}
	}
	t.Return(int(sent), shaShown(sum))
	if err := t.setAs(0, int(sent)); err != nil {
		return err
	}
	return a.size.expect(t, sent, "bytes sent")
}

func shaShown(h hash.Hash) Const { return Const("sha256:" + hex.EncodeToString(h.Sum(nil))) }
