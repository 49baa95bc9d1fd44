package value

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Mode is the permissions of a file in octal digits, as chmod(1) takes them: 644
// or 0644.
type Mode struct{ Text }

// Decode reads the digits.
func (v *Mode) Decode(d *Decoder, n *source.Node) {
	v.Text.Decode(d, n)
	if s, static := v.Static(); static && v.Given() {
		if _, err := parseMode(s); err != nil {
			d.Problem(n, "%s", err).Hint = "write it as 0644"
		}
	}
}

// Schema accepts digits, which YAML may take for a number.
func (v *Mode) Schema() Schema { return Schema{"type": []string{"string", "integer"}} }

// Type names the type in the reference.
func (v *Mode) Type() string { return "mode in octal" }

// Eval is the permission bits of the mode.
func (v *Mode) Eval(env Env) (fs.FileMode, error) {
	s, err := v.Text.Eval(env)
	if err != nil {
		return 0, err
	}
	return parseMode(s)
}

// parseMode reads the nine permission bits; those beyond belong to programs and
// folders.
func parseMode(s string) (fs.FileMode, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "0o"), 8, 32)
	if err != nil || n > 0o777 {
		return 0, fmt.Errorf("%s is not a mode of octal digits up to 0777", Quote(s))
	}
	return fs.FileMode(n), nil
}
