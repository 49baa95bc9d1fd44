package sweeper

import (
	"encoding/binary"
	"io"

	"github.com/sockscript/sockscript/steps/sock"
)

// An item is what the process is told of a run: something to remove, or not to
// remove any more.
type item struct {
	itemHead
	path string
}

// itemHead is what an item begins with, as it goes through the pipe. The bytes
// of the path follow: it need not be text.
type itemHead struct {
	Run  uint64
	Kind itemKind
	Dev  uint64 // of the file, with Ino
	Ino  uint64
	Size uint32 // of the path
}

type itemKind uint32

const (
	itemFolder itemKind = iota // a folder, which has a lock
	itemBefore                 // what is at the path of a file that is about to be made
	itemMade                   // a file that has been made
	itemNone                   // one that has not been made after all
	itemDone                   // the run has removed all that was its own
)

func newItem(kind itemKind, f sock.File) item {
	return item{itemHead{Kind: kind, Dev: f.Dev, Ino: f.Ino, Size: uint32(len(f.Path))}, f.Path}
}

func (i item) file() sock.File { return sock.File{Path: i.path, Dev: i.Dev, Ino: i.Ino} }

// write writes the item in one call: the process does not read half of one
// where this one is killed.
func (i item) write(w io.Writer) error {
	b, err := binary.Append(nil, binary.NativeEndian, i.itemHead)
	if err == nil {
		_, err = w.Write(append(b, i.path...))
	}
	return err
}

func readItem(r io.Reader) (i item, err error) {
	if err = binary.Read(r, binary.NativeEndian, &i.itemHead); err != nil {
		return i, err
	}
	path := make([]byte, i.Size)
	_, err = io.ReadFull(r, path)
	i.path = string(path)
	return i, err
}
