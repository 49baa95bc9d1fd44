package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/steps/option"
	"github.com/sockscript/sockscript/steps/sock"
)

const optionIntro = "`getsockopt` and `setsockopt` take these options by their C names, and any other as `{level: N, name: N}`. " +
	"`sockscript doc NAME` describes one. Which of them there are depends on the kernel; these are Linux's."

const controlIntro = "`control` of `send`, `recv`, `sendmmsg` and `recvmmsg` takes these types by their C names, " +
	"and any other as `LEVEL:TYPE` in numbers, with bytes."

// Option describes a socket option and the ancillary data of that name: all
// those that the name means.
func Option(name string) (string, bool) {
	var texts []string
	for _, o := range sock.Options() {
		if o.Name == name || o.ShortName() == name {
			texts = append(texts, optionText(o))
		}
	}
	if c, ok := sock.ControlByName(name); ok && slices.Contains(sock.ControlNames(), name) {
		texts = append(texts, controlText(c))
	}
	return strings.Join(texts, "\n"), len(texts) > 0
}

// OptionNames are the names that [Option] knows.
func OptionNames() []string {
	var names []string
	for _, o := range sock.Options() {
		names = append(names, o.Name, o.ShortName())
	}
	names = append(names, sock.ControlNames()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// OptionHelp is one line about an option or a type of ancillary data.
func OptionHelp(name string) string {
	for _, o := range sock.Options() {
		if o.Name == name || o.ShortName() == name {
			return o.Help
		}
	}
	return "ancillary data"
}

func optionText(o sock.Option) string {
	return fmt.Sprintf("%s - %s\n\n  level   %s (%d)\n  option  %d\n  calls   %s\n  value   %s\n",
		o.Name, o.Help, o.LevelName, o.Level, o.Number, strings.Join(o.Calls(), ", "), optionValue(o))
}

func optionValue(o sock.Option) string { return option.FormOf(o).What }

func controlText(c sock.ControlType) string {
	d := option.DocOfControl(c)
	return fmt.Sprintf("%s - ancillary data\n\n  level   %d\n  type    %d\n  send    %s\n  recv    %s\n", c.Name, c.Level, c.Type, d.Takes, d.Gives)
}

// optionsMarkdown are the chapters about options and ancillary data.
func optionsMarkdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## Socket options\n\n%s\n", optionIntro)
	level := ""
	for _, o := range sock.Options() {
		if o.LevelName != level {
			level = o.LevelName
			fmt.Fprintf(b, "\n### %s\n\n| option | value | calls | meaning |\n|---|---|---|---|\n", level)
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", o.Name, cell(optionValue(o)), strings.Join(o.Calls(), ", "), cell(o.Help))
	}
	fmt.Fprintf(b, "\n## Ancillary data\n\n%s\n\n| type | send takes | recv returns |\n|---|---|---|\n", controlIntro)
	for _, name := range sock.ControlNames() {
		c, _ := sock.ControlByName(name)
		d := option.DocOfControl(c)
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, cell(d.Takes), cell(d.Gives))
	}
}
