package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
)

// What a kind does for others it declares. No code asks which kind a step is
// of, by its name or by the text of its call: another kind that does the same
// would be forgotten there.
func TestNobodyAsksForNamesOfKinds(t *testing.T) {
	t.Parallel()
	for _, room := range []string{"cmd", "runner", "scenarios", "steps"} {
		err := filepath.WalkDir(filepath.Join("../..", room), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			tree, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, at := range asksForKinds(tree) {
				t.Errorf("%s compares with the name of a step kind; let the kind declare what is asked for", files.Position(at))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// asksForKinds are the places where a file compares the kind, the call or the
// title of a step with the name of a kind.
func asksForKinds(file *ast.File) []token.Pos {
	var list []token.Pos
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			compares := n.Op == token.EQL || n.Op == token.NEQ
			if compares && (namesStep(n.X) && namesKind(n.Y) || namesStep(n.Y) && namesKind(n.X)) {
				list = append(list, n.Pos())
			}
		case *ast.SwitchStmt:
			for _, c := range n.Body.List {
				if namesStep(n.Tag) && slices.ContainsFunc(c.(*ast.CaseClause).List, namesKind) {
					list = append(list, c.Pos())
				}
			}
		case *ast.CallExpr: // strings.HasPrefix(e.Call, "send"), slices.Contains(list, s.Kind.Name)
			if slices.ContainsFunc(n.Args, namesStep) && slices.ContainsFunc(n.Args, namesKind) {
				list = append(list, n.Pos())
			}
		}
		return true
	})
	return list
}

// namesStep reports an expression that is what a step or an event is called.
func namesStep(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch s.Sel.Name {
	case "Kind", "Call", "Title":
		return true
	case "Name":
		of, ok := s.X.(*ast.SelectorExpr)
		return ok && of.Sel.Name == "Kind"
	}
	return false
}

// namesKind reports a text that is the name of a kind, or begins with one.
func namesKind(e ast.Expr) bool {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return false
	}
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return false
	}
	name, _, _ := strings.Cut(text, "(")
	return slices.ContainsFunc(steps.Kinds(), func(k *step.Kind) bool { return k.Name == name })
}

// The search finds each way to ask.
func TestAsksForKinds(t *testing.T) {
	for _, text := range []string{
		`e.Call == "send"`, `"recv" != p.Kind`, `s.Kind.Name == "let"`,
		`strings.HasPrefix(p.Title, "recv(")`, `func() { switch e.Call { case "tls": } }`,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nvar _ = "+text, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(asksForKinds(file)) != 1 {
			t.Errorf("%s is not found", text)
		}
	}
}
