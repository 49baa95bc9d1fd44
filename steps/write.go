package steps

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var writeKind = step.Kind{
	Name:    "write",
	Summary: "write a file",
	Text: `For files whose contents are known only during the run, such as the
configuration of a program that needs an address. A relative path starts at the
temporary folder ${tmp}; missing folders are made. Write files whose contents
are known before the run under files:.`,
	Example: `actors:
  one:
    - let: {port: "${free_port()}"}
    - write: server.conf
      data: "listen 127.0.0.1:${port};\n"
    - exec: [cat, "${tmp}/server.conf"]
      expect: {stdout: "listen 127.0.0.1:${port};\n"}
`,
	Beneath: step.Beneath{
		Call:   "open(2), write(2), close(2)",
		Kernel: "makes the file, or empties the one that is there, and takes the bytes.",
		Errors: []step.LikelyError{
			{Errno: "EACCES", Why: "the folder or the file may not be written to"},
			{Errno: "ENOSPC", Why: "the file system is full"},
		},
	},
	New:   func() step.Action { return new(writeAction) },
	Needs: []value.Access{value.WriteFile},
}

type writeAction struct {
	path   value.Text
	data   payload.Payload
	mode   value.Mode
	append value.Bool
}

func (a *writeAction) Params(p *step.Params) {
	p.Value(&a.path, "the path of the file")
	p.Key("data", &a.data, "what the file is to hold").Need()
	p.Key("mode", &a.mode, "the permissions of a new file; the umask takes some away").Or("0666")
	p.Key("append", &a.append, "add the data to what the file holds").Or("false")
	p.Makes = "the number of bytes"
}

// Needs implements [step.Needer].
func (a *writeAction) Needs(n *step.Needs) {
	n.NeedPath(value.WriteFile, &a.path, value.FromTmp)
}

func (a *writeAction) Run(t *step.Task) error {
	shown, err := a.file(t)
	if err != nil {
		return err
	}
	path := shown.Text
	content, large, err := a.data.Large(t)
	if err != nil {
		return err
	}
	if large {
		r := bufio.NewReaderSize(content.Open(), t.Ahead())
		head, err := r.Peek(t.Ahead())
		if err != nil {
			return err
		}
		first := t.Data(head)
		first.Len = int(content.Size)
		t.Call("write", event.Quoted(shown), first, event.Count(content.Size))
		return a.store(t, path, r)
	}
	blob, err := a.data.Blob(t)
	if err != nil {
		return err
	}
	data := t.Data(blob.Bytes)
	data.Marks = blob.Marks
	t.Call("write", event.Quoted(shown), data, event.Count(len(blob.Bytes)))
	return a.store(t, path, bytes.NewReader(blob.Bytes))
}

// file is the path as the kernel takes it, with what of it varies.
func (a *writeAction) file(t *step.Task) (event.Marked, error) {
	path, err := a.path.Marked(t)
	if err != nil || filepath.IsAbs(path.Text) {
		return path, err
	}
	folder, err := t.Actor.Run.Tmp()
	if err != nil {
		return path, err
	}
	whole := event.Marked{Text: folder + "/"}
	whole.Add(path)
	return whole, nil
}

// store writes the file and returns the number of bytes.
func (a *writeAction) store(t *step.Task, path string, r io.Reader) error {
	mode := fs.FileMode(0o666)
	if a.mode.Given() {
		var err error
		if mode, err = a.mode.Eval(t); err != nil {
			return err
		}
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if a.append.On {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	n, err := writeFile(t, path, flags, mode, r)
	if err != nil {
		return err
	}
	t.Return(event.Count(n))
	return t.SetAs(0, int(n))
}

// writeFile writes a file and makes the folders on the way. It does not wait
// for a reader of a FIFO.
func writeFile(t *step.Task, path string, flags int, mode fs.FileMode, r io.Reader) (int64, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return 0, fileError(err)
	}
	if t.Process != nil {
		return t.Process.WriteFile(path, flags|syscall.O_NONBLOCK, mode, r)
	}
	f, err := os.OpenFile(path, flags|syscall.O_NONBLOCK, mode)
	if err != nil {
		return 0, fileError(err)
	}
	n, err := io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		return n, fileError(err)
	}
	return n, nil
}

// fileError is an errno of a call on a path, by the name of that call.
func fileError(err error) error {
	var at *fs.PathError
	var errno syscall.Errno
	if errors.As(err, &at) && errors.As(err, &errno) {
		return &sock.Error{Call: at.Op, Err: errno}
	}
	return fmt.Errorf("cannot write the file: %w", err)
}

func (a *writeAction) Check(c *check.Check) {
	if s, static := a.path.Static(); static && a.path.Given() && (s == "" || s[len(s)-1] == '/') {
		c.Problem(a.path.Node, "%s is not the path of a file", value.Quote(s)).Hint = "write a name, as server.conf"
	}
	c.MakeValues()
}
