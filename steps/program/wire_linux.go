package program

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// What a message asks for or says.
const (
	askStart = iota + 1
	askSignal
	askReap
	askFinish
	askEnd
	askLives
	askLeft
	askEnding
	askClose
	sayAnswer
	sayStarted
	sayEnded
)

// A message is a question to the starter, or what that says.
type message struct {
	head
	texts []string
	files []int // descriptors that go with it
}

// head is the part of fixed size.
type head struct {
	Kind    int32
	ID      uint32   // of a question, and of its answer
	Numbers [4]int32 // what they are depends on the kind
	Size    uint32   // of the texts
}

// maxTexts bounds what is read: arguments and environment of a program are
// bounded by the kernel, execve(2).
const maxTexts = 1 << 28

// A wire carries messages between this process and the starter.
type wire struct {
	conn *net.UnixConn
	mu   sync.Mutex // held while a message is written
}

// newWire takes over a socket.
func newWire(f *os.File) (*wire, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("not a local socket")
	}
	return &wire{conn: conn}, nil
}

// write sends a message. No text of it holds a zero byte, which ends each.
func (w *wire) write(m *message) error {
	var texts bytes.Buffer
	for _, s := range m.texts {
		if strings.IndexByte(s, 0) >= 0 {
			return unix.EINVAL
		}
		texts.WriteString(s)
		texts.WriteByte(0)
	}
	m.Size = uint32(texts.Len())
	b, err := binary.Append(nil, binary.NativeEndian, m.head)
	if err != nil {
		return err
	}
	var rights []byte
	if len(m.files) > 0 {
		rights = unix.UnixRights(m.files...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, _, err := w.conn.WriteMsgUnix(b, rights, nil); err != nil {
		return err
	}
	if texts.Len() > 0 {
		_, err = w.conn.Write(texts.Bytes())
	}
	return err
}

// read receives a message.
func (w *wire) read() (*message, error) {
	m := new(message)
	b := make([]byte, binary.Size(m.head))
	rights := make([]byte, unix.CmsgSpace(4*maxFiles))
	n, oobn, _, _, err := w.conn.ReadMsgUnix(b, rights)
	if err == nil && n < len(b) {
		_, err = io.ReadFull(w.conn, b[n:])
	}
	if err != nil {
		return nil, err
	}
	if m.files, err = receivedFiles(rights[:oobn]); err != nil {
		return nil, err
	}
	if _, err := binary.Decode(b, binary.NativeEndian, &m.head); err != nil {
		return nil, err
	}
	if m.Size == 0 {
		return m, nil
	}
	if m.Size > maxTexts {
		return nil, unix.EMSGSIZE
	}
	texts := make([]byte, m.Size)
	if _, err := io.ReadFull(w.conn, texts); err != nil {
		return nil, err
	}
	m.texts = strings.Split(strings.TrimSuffix(string(texts), "\x00"), "\x00")
	return m, nil
}

// maxFiles is how many descriptors a message can carry: SCM_MAX_FD of unix(7).
const maxFiles = 253

func receivedFiles(rights []byte) ([]int, error) {
	if len(rights) == 0 {
		return nil, nil
	}
	list, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, err
	}
	var files []int
	for i := range list {
		fds, err := unix.ParseUnixRights(&list[i])
		if err != nil {
			return nil, err
		}
		files = append(files, fds...)
	}
	return files, nil
}
