package lsp

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/reference"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var (
	newStep     = source.Pattern(`^\s*(- +)+\{? *\w*$`)
	newKey      = source.Pattern(`^\s+\w*$`)
	inReference = source.Pattern(`\$\{([^{}]*[^\w.])?([\w.]*)$`)
	topKey      = source.Pattern(`^\w+$`)
	turnHead    = source.Pattern(`^(\s*- +\{? *)(\w+)(?:\.\w+)*:`)
	valueOf     = source.Pattern(`(?:^\s*(?:- +)*|[{,] *)(\w+): +\[?(?:[\w]+, *)*\w*$`)
	flowKey     = source.Pattern(`^\s*(- +)+\{([^{}\[\]"']|\[[^\]]*\]|"[^"]*"|'[^']*')*, *\w*$`)
)

// complete lists what can be written at a position.
func (d *document) complete(p position) []completionItem {
	before, _ := d.split(p)
	switch {
	case inReference().MatchString(before):
		return d.names(p, inReference().FindStringSubmatch(before)[2])
	case newStep().MatchString(before):
		return d.heads(p.Line)
	case newKey().MatchString(before), flowKey().MatchString(before):
		return d.keys(p.Line)
	}
	if m := valueOf().FindStringSubmatch(before); m != nil {
		return d.values(p, m[1])
	}
	return []completionItem{}
}

// heads are what the entry of a list can begin with: a step its kind, and a
// turn its actor or a kind in its place.
func (d *document) heads(line int) []completionItem {
	list := []completionItem{}
	s := d.scenarioAt(line)
	turn := d.inSequence(line) && (s == nil || d.turnAt(s, line) == nil)
	if turn && s != nil {
		for _, a := range s.Actors {
			if a.Turns {
				list = append(list, completionItem{Label: a.Name, Kind: itemVariable, Detail: "a turn of an actor", InsertText: a.Name + ": "})
			}
		}
	}
	for _, k := range steps.Kinds() {
		if turn && !k.OverTurns {
			continue
		}
		list = append(list, completionItem{Label: k.Name, Kind: itemKeyword, Detail: k.Summary, Documentation: k.Text, InsertText: k.Name + ": "})
	}
	return list
}

// kindOf is the kind of the step with these keys.
func kindOf(keys []string) (*step.Kind, bool) {
	for _, key := range keys {
		if k, ok := steps.Kinds().Lookup(key); ok {
			return k, true
		}
	}
	return nil, false
}

// keys are those that the step of a line does not have yet.
func (d *document) keys(line int) []completionItem {
	list := []completionItem{}
	have, _, _, ok := d.stepAt(line)
	kind, known := kindOf(have)
	if !ok || !known {
		return list
	}
	doc := step.DocOf(kind)
	for _, row := range append(doc.Params[1:], step.CommonDoc()...) {
		if !slices.Contains(have, row.Key) {
			list = append(list, completionItem{Label: row.Key, Kind: itemProperty, Detail: row.Type, Documentation: row.Help, InsertText: row.Key + ": "})
		}
	}
	return list
}

// values are the words that a key takes: handles, options, errnos, libraries.
func (d *document) values(p position, key string) []completionItem {
	words := func(kind int, names ...string) []completionItem {
		list := []completionItem{}
		for _, name := range names {
			list = append(list, completionItem{Label: name, Kind: kind})
		}
		return list
	}
	switch key {
	case "include":
		return words(itemValue, library.Includes()...)
	case "host":
		return words(itemVariable, d.hosts()...)
	}
	kind, isKind := steps.Kinds().Lookup(key)
	if isKind && kind.CallsProcedure() {
		return words(itemFunction, d.procedures()...)
	}
	if list := d.written(p.Line, key); len(list) > 0 {
		return words(itemValue, list...)
	}
	if isKind {
		return words(itemVariable, d.ownNames(p.Line)...)
	}
	return []completionItem{}
}

var wholeSchema = sync.OnceValue(scenarios.Schema)

// written are the words that the schema has for a key: those of flags, options,
// errnos, requirements and others.
func (d *document) written(line int, key string) []string {
	schema := wholeSchema()
	definitions := schema["$defs"].(value.Schema)
	if d.line(line) == strings.TrimLeft(d.line(line), " ") {
		return wordsOf(definitions, property(schema, key))
	}
	// The key is one of a step, or of a mapping in it.
	outer := indent(d.line(line)) + 1
	for n := line; n >= 0; n-- {
		if strings.TrimSpace(d.line(n)) == "" || indent(d.line(n)) >= outer {
			continue
		}
		outer = indent(d.line(n))
		have, _, _, _ := d.stepAt(n)
		if kind, known := kindOf(have); known {
			step := definitions[kind.Name].(value.Schema)
			if of := property(step, key); of != nil {
				return wordsOf(definitions, of)
			}
			return wordsOf(definitions, property(property(step, "expect"), key))
		}
	}
	return nil
}

// property is the schema of a key of a mapping, whichever branch of a schema
// describes the mapping; nil where none has the key.
func property(s value.Schema, key string) value.Schema {
	if all, ok := s["properties"].(value.Schema); ok {
		if of, ok := all[key].(value.Schema); ok {
			return of
		}
	}
	for _, branch := range branches(s) {
		if of := property(branch, key); of != nil {
			return of
		}
	}
	return nil
}

// wordsOf are the words that a schema lists for a value, or for the items of a
// list. Definitions that contain themselves, such as a list of payloads, which
// is one, are looked at once: within has those that are.
func wordsOf(definitions, s value.Schema, within ...string) []string {
	if name, ok := s["$ref"].(string); ok {
		if slices.Contains(within, name) {
			return nil
		}
		within = append(slices.Clone(within), name)
		s = definitions[strings.TrimPrefix(name, "#/$defs/")].(value.Schema)
	}
	list, _ := s["enum"].([]string)
	if items, ok := s["items"].(value.Schema); ok {
		list = append(slices.Clone(list), wordsOf(definitions, items, within...)...)
	}
	for _, branch := range branches(s) {
		for _, word := range wordsOf(definitions, branch, within...) {
			if !slices.Contains(list, word) {
				list = append(slices.Clone(list), word)
			}
		}
	}
	return list
}

// branches are the schemas of which one or all describe the same value.
func branches(s value.Schema) []value.Schema {
	list, _ := s["anyOf"].([]value.Schema)
	list = slices.Clone(list)
	for _, key := range []string{"then", "else"} {
		if branch, ok := s[key].(value.Schema); ok {
			list = append(list, branch)
		}
	}
	return list
}

// scenarioAt is the scenario of a line, as it was when it could last be read.
func (d *document) scenarioAt(line int) *scenarios.Scenario {
	var found *scenarios.Scenario
	for _, s := range d.good {
		if found == nil || s.Node.Pos.Line <= line+1 {
			found = s
		}
	}
	return found
}

// actorAt is the actor that a line belongs to: that of its turn, else that with
// steps which begins last before it.
func (d *document) actorAt(s *scenarios.Scenario, line int) *scenarios.Actor {
	if a := d.turnAt(s, line); a != nil {
		return a
	}
	var found *scenarios.Actor
	for _, a := range s.Actors {
		if !a.Turns && a.Node.Pos.Line <= line+1 && (found == nil || a.Node.Pos.Line > found.Node.Pos.Line) {
			found = a
		}
	}
	return found
}

// inSequence reports whether a line is below the key sequence.
func (d *document) inSequence(line int) bool {
	for n := line; n >= 0; n-- {
		if key, _, ok := strings.Cut(d.line(n), ":"); ok && topKey().MatchString(key) {
			return key == "sequence"
		}
	}
	return false
}

// turnAt is the actor whose turn a line is in; nil where it is in none.
func (d *document) turnAt(s *scenarios.Scenario, line int) *scenarios.Actor {
	if !d.inSequence(line) {
		return nil
	}
	inside := indent(d.line(line))
	for n := line; n >= 0; n-- {
		m := turnHead().FindStringSubmatch(d.line(n))
		if m == nil || n < line && indent(m[1]) >= inside {
			continue
		}
		i := slices.IndexFunc(s.Actors, func(a *scenarios.Actor) bool { return a.Turns && a.Name == m[2] })
		if i >= 0 {
			return s.Actors[i]
		}
		inside = indent(m[1])
	}
	return nil
}

// ownNames are the names that the actor of a line gives.
func (d *document) ownNames(line int) []string {
	s := d.scenarioAt(line)
	if s == nil {
		return nil
	}
	if a := d.actorAt(s, line); a != nil {
		return a.Body.Names()
	}
	return nil
}

// names are those that an expression can begin with, or go on with behind the
// name of an actor.
func (d *document) names(p position, word string) []completionItem {
	list := []completionItem{}
	s := d.scenarioAt(p.Line)
	if s == nil {
		return list
	}
	add := func(kind int, detail string, names ...string) {
		for _, name := range names {
			list = append(list, completionItem{Label: name, Kind: kind, Detail: detail})
		}
	}
	if actor, _, dotted := strings.Cut(word, "."); dotted {
		for _, a := range s.Actors {
			if a.Name == actor {
				add(itemVariable, "of "+actor, a.Body.Names()...)
			}
		}
		return list
	}
	if a := d.actorAt(s, p.Line); a != nil {
		add(itemVariable, "of "+a.Name, a.Body.Names()...)
	}
	for _, a := range s.Actors {
		add(itemVariable, "an actor", a.Name)
	}
	for name := range s.Vars {
		add(itemVariable, "a variable", name)
	}
	slices.SortStableFunc(list, func(a, b completionItem) int { return strings.Compare(a.Detail+a.Label, b.Detail+b.Label) })
	return list
}

var (
	procedureLine = source.Pattern(`^  (\w+):`)
	hostLine      = source.Pattern(`^    (\w+):`)
)

// below are the names of the lines below a key that is alone on its line.
func (d *document) below(key string, entry *regexp.Regexp) []string {
	var names []string
	inside := false
	for _, line := range d.lines {
		switch {
		case strings.TrimRight(line, " ") == key+":":
			inside = true
		case strings.TrimSpace(line) != "" && indent(line) <= indent(key):
			inside = false
		case inside:
			if m := entry.FindStringSubmatch(line); m != nil {
				names = append(names, m[1])
			}
		}
	}
	return names
}

func (d *document) hosts() []string { return d.below("  hosts", hostLine()) }

// procedures are those of the file, and of the libraries that it includes.
func (d *document) procedures() []string {
	names := d.below("procedures", procedureLine())
	for _, name := range reference.LibraryNames() {
		file, _, dotted := strings.Cut(name, ".")
		if !dotted {
			continue
		}
		if strings.Contains(d.text, "include: "+file) || strings.Contains(d.text, "- "+file) {
			names = append(names, name)
		}
	}
	return names
}
