package value

import (
	"github.com/expr-lang/expr/ast"
)

// FileForm is the payload form that reads a file.
const FileForm = "file"

// needsOf notes what an expression needs: the environment, and the files of
// payloads that it makes. It reports whether it reads the environment.
func (d *Decoder) needsOf(e *Expr, root ast.Node) (env bool) {
	found := &needFinder{note: func(a Access, of ast.Node) {
		env = env || a == Environment
		n := Need{Access: a, Of: e.Source, Late: true, Pos: e.Pos()}
		if text, constant := constantText(of); constant {
			n.Of, n.Late = text, false
			if a == ReadFile {
				n.path = pathFrom(FromFolder, text, n.Pos.File)
			}
		}
		d.Need(n)
	}}
	ast.Walk(&root, found)
	return env
}

// A needFinder finds calls of functions that need something, and mappings that
// are payloads of files.
type needFinder struct {
	note func(a Access, of ast.Node)
}

// Visit implements ast.Visitor.
func (f *needFinder) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.CallNode:
		callee, named := n.Callee.(*ast.IdentifierNode)
		if !named || len(n.Arguments) == 0 {
			return
		}
		if function := functionOf(callee.Value); function != nil && function.needs != "" {
			f.note(function.needs, n.Arguments[0])
		}
	case *ast.MapNode:
		if len(n.Pairs) != 1 {
			return
		}
		pair, ok := n.Pairs[0].(*ast.PairNode)
		if !ok {
			return
		}
		if key, constant := constantText(pair.Key); constant && key == FileForm {
			f.note(ReadFile, pair.Value)
		}
	}
}

// needDatum notes the file of a mapping that is one as a payload.
func (d *Decoder) needDatum(v *Datum) {
	if len(v.keys) != 1 || v.keys[0] != FileForm {
		return
	}
	if path := v.items[0].Scalar(); path != nil && path.Given() {
		d.NeedPath(ReadFile, path, FromFolder)
	}
}
