// Package lsp is a language server for scenario files: it says what check says
// while one types, completes step kinds, keys and names, shows the reference,
// finds where a name is made, and formats.
package lsp

import (
	"context"
	"encoding/json"
	"io"
	"sync"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Serve speaks the Language Server Protocol until the client says exit or ends
// the connection. The error says that the client has gone without shutdown.
func Serve(ctx context.Context, in io.ReadCloser, out io.WriteCloser) error {
	exit := make(chan struct{})
	s := &server{documents: make(map[string]*document), leave: sync.OnceFunc(func() { close(exit) })}
	conn := jsonrpc2.NewConn(ctx, jsonrpc2.NewBufferedStream(stream{in, out}, jsonrpc2.VSCodeObjectCodec{}), jsonrpc2.HandlerWithError(s.handle))
	defer conn.Close()
	select {
	case <-conn.DisconnectNotify():
	case <-exit:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// A stream is the standard input and output.
type stream struct {
	io.ReadCloser
	out io.WriteCloser
}

// Write implements [io.Writer].
func (s stream) Write(b []byte) (int, error) { return s.out.Write(b) }

// Close implements [io.Closer].
func (s stream) Close() error {
	s.out.Close()
	return s.ReadCloser.Close()
}

type server struct {
	leave func() // ends Serve

	mu        sync.Mutex
	documents map[string]*document // by URI
	stopped   bool                 // shutdown was asked for
}

// handle answers one message.
func (s *server) handle(ctx context.Context, c *jsonrpc2.Conn, r *jsonrpc2.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method {
	case "initialize":
		return initialized{
			capabilities{1, completionOffer{[]string{" ", ".", "{", "-"}}, true, true, true}, serverInfo{"sockscript"},
		}, nil
	case "shutdown":
		s.stopped = true
		return nil, nil
	case "exit":
		s.leave()
		return nil, nil
	case "textDocument/didOpen":
		return nil, decoded(r, func(p didOpen) { s.update(ctx, c, p.TextDocument.URI, p.TextDocument.Text) })
	case "textDocument/didChange":
		return nil, decoded(r, func(p didChange) {
			if n := len(p.ContentChanges); n > 0 {
				s.update(ctx, c, p.TextDocument.URI, p.ContentChanges[n-1].Text)
			}
		})
	case "textDocument/didClose":
		return nil, decoded(r, func(p didClose) {
			delete(s.documents, p.TextDocument.URI)
			c.Notify(ctx, "textDocument/publishDiagnostics", publishDiagnostics{p.TextDocument.URI, []diagnostic{}})
		})
	case "textDocument/completion":
		return ask(s, r, func(d *document, p position) any { return d.complete(p) })
	case "textDocument/hover":
		return ask(s, r, func(d *document, p position) any { return d.hover(p) })
	case "textDocument/definition":
		return ask(s, r, func(d *document, p position) any { return d.definition(p) })
	case "textDocument/formatting":
		return s.format(r)
	case "initialized", "textDocument/didSave", "$/cancelRequest", "$/setTrace", "workspace/didChangeConfiguration":
		return nil, nil
	}
	if r.Notif {
		return nil, nil
	}
	return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "the method " + r.Method + " is not supported"}
}

// decoded hands the parameters of a message over.
func decoded[T any](r *jsonrpc2.Request, do func(T)) error {
	var p T
	if r.Params == nil {
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: "the parameters are missing"}
	}
	if err := json.Unmarshal(*r.Params, &p); err != nil {
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
	}
	do(p)
	return nil
}

// ask answers a question about a position of an open document.
func ask(s *server, r *jsonrpc2.Request, answer func(*document, position) any) (any, error) {
	var result any
	err := decoded(r, func(p textPosition) {
		if d := s.documents[p.TextDocument.URI]; d != nil {
			result = answer(d, p.Position)
		}
	})
	return result, err
}

// update takes a text over and reports what is wrong with it.
func (s *server) update(ctx context.Context, c *jsonrpc2.Conn, uri, text string) {
	d := s.documents[uri]
	if d == nil {
		d = &document{uri: uri, path: pathOf(uri)}
		s.documents[uri] = d
	}
	d.set(text)
	c.Notify(ctx, "textDocument/publishDiagnostics", publishDiagnostics{uri, d.diagnostics()})
}

// format answers with the whole text, formatted, or with nothing where that
// cannot be done.
func (s *server) format(r *jsonrpc2.Request) (any, error) {
	edits := []textEdit{}
	err := decoded(r, func(p formatting) {
		d := s.documents[p.TextDocument.URI]
		if d == nil {
			return
		}
		out, problems, err := source.Format(d.path, []byte(d.text))
		if err == nil && !problems.HasErrors() && string(out) != d.text {
			edits = append(edits, textEdit{span{End: position{Line: len(d.lines)}}, string(out)})
		}
	})
	return edits, err
}
