package runner

import (
	"context"
	"fmt"
	"maps"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// overridden are a file's variables, with those in their places that were given
// from outside. Those of an included file are given as NAME.VARIABLE.
func overridden(own, given map[string]any, under string) map[string]any {
	vars := make(map[string]any)
	maps.Copy(vars, own)
	for name := range own {
		if v, ok := given[under+name]; ok {
			vars[name] = value.Outside(v)
		}
	}
	return vars
}

// computeVars evaluates the variables of included files, and then those of the
// file itself that hold expressions, but for what was given from outside. The
// values go into the variables of own.
func (r *run) computeVars(ctx context.Context, included []*scenarios.Included, computed []*scenarios.Variable, own *step.Run, under string) error {
	for _, inc := range included {
		file := r.shared
		file.Vars = overridden(inc.Vars, r.options.Vars, under+inc.Name+".")
		if err := r.computeVars(ctx, inc.Included, inc.Computed, &file, under+inc.Name+"."); err != nil {
			return err
		}
		r.shared.Included[inc.Scope] = file.Vars
		if len(inc.Vars) > 0 {
			own.Vars[inc.Name] = value.Mapping(file.Vars)
		}
	}
	for _, v := range computed {
		if _, given := r.options.Vars[under+v.Name]; given {
			continue
		}
		x, err := v.Value.Typed(&step.Task{Ctx: ctx, Actor: &step.Actor{Run: own}})
		if err != nil {
			return fmt.Errorf("the variable %s: %w", under+v.Name, err)
		}
		own.Vars[v.Name] = x
	}
	return nil
}
