package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// publicPackages are those that docs/architecture.md calls public.
var publicPackages = []string{"runner", "runner/history", "runner/history/record", "runner/report", "runner/runnertest", "runner/suite", "scenarios"}

const apiFile = "../../docs/api.txt"

// docs/api.txt has what the public packages export, so that no name of theirs
// appears, changes or goes by accident. With -update it is written again.
func TestPublicNames(t *testing.T) {
	var b bytes.Buffer
	for _, name := range publicPackages {
		fmt.Fprintf(&b, "package %s\n", name)
		for _, line := range exported(t, name) {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	if *update {
		if err := os.WriteFile(apiFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(apiFile)
	if err != nil {
		t.Fatal(err)
	}
	got, want := strings.Split(b.String(), "\n"), strings.Split(string(text), "\n")
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("docs/api.txt lacks %q", strings.TrimSpace(line))
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("docs/api.txt has %q, which is not there any more", strings.TrimSpace(line))
		}
	}
	if t.Failed() {
		t.Log("if the change is meant: go test ./cmd/sockscript -run TestPublicNames -update")
	}
}

// exported are the names that a package exports, each with its type, in order.
func exported(t *testing.T, name string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", name, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			lines = append(lines, exportedOf(d)...)
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines) // one name on several systems
}

// exportedOf are the exported names of one declaration.
func exportedOf(d ast.Decl) []string {
	if f, ok := d.(*ast.FuncDecl); ok {
		return exportedFunc(f)
	}
	var lines []string
	general := d.(*ast.GenDecl)
	for _, s := range general.Specs {
		switch s := s.(type) {
		case *ast.ValueSpec:
			for _, n := range s.Names {
				if n.IsExported() {
					lines = append(lines, general.Tok.String()+" "+n.Name)
				}
			}
		case *ast.TypeSpec:
			if s.Name.IsExported() {
				lines = append(lines, exportedType(s)...)
			}
		}
	}
	return lines
}

func exportedFunc(f *ast.FuncDecl) []string {
	if !f.Name.IsExported() {
		return nil
	}
	signature := strings.TrimPrefix(written(f.Type), "func")
	if f.Recv == nil {
		return []string{"func " + f.Name.Name + signature}
	}
	receiver := written(f.Recv.List[0].Type)
	if !ast.IsExported(strings.TrimPrefix(receiver, "*")) {
		return nil
	}
	return []string{"method (" + receiver + ") " + f.Name.Name + signature}
}

// exportedType is a type and its exported fields or methods.
func exportedType(s *ast.TypeSpec) []string {
	name := s.Name.Name
	var fields *ast.FieldList
	line := "type " + name + " "
	if s.Assign.IsValid() {
		line += "= "
	}
	switch u := s.Type.(type) {
	case *ast.StructType:
		line, fields = line+"struct", u.Fields
	case *ast.InterfaceType:
		line, fields = line+"interface", u.Methods
	default:
		return []string{line + written(s.Type)}
	}
	lines := []string{line}
	for _, f := range fields.List {
		if len(f.Names) == 0 { // embedded
			lines = append(lines, "field "+name+"."+written(f.Type))
		}
		for _, n := range f.Names {
			if n.IsExported() {
				lines = append(lines, "field "+name+"."+n.Name+" "+written(f.Type))
			}
		}
	}
	return lines
}

// written is a type as Go writes it, on one line.
func written(n ast.Node) string {
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), n); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
