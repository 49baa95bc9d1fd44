package report_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// documents are the reports of a form that a consumer must take: of all ways to
// end, of nothing, of files that are invalid and of files that are not.
func documents(t *testing.T, name string) map[string]string {
	t.Helper()
	f, ok := report.LookupFormat(name)
	if !ok {
		t.Fatalf("there is no form %s", name)
	}
	all, _ := every(t)
	return map[string]string{
		"all": tell(t, f, all), "passed": tell(t, f, all[:1]), "nothing": tell(t, f, nil),
		"invalid": checkedText(t, f, invalid), "valid": checkedText(t, f, nil),
	}
}

// consume runs a program on a document, and returns what it printed and whether
// it was content.
func consume(t *testing.T, name, text, program string, args ...string) (string, bool) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, append(args, file)...).CombinedOutput()
	return string(out), err == nil
}

func TestProveReadsTAP(t *testing.T) {
	t.Parallel()
	ci.Program(t, "prove")
	tests := []struct {
		name    string
		content bool
		want    []string
	}{
		{"all", false, []string{"Failed 6/9 subtests", "(less 2 skipped subtests: 1 okay)", "Failed tests:  2-3, 5-7, 9"}},
		{"passed", true, []string{"All tests successful.", "Tests=1"}},
		{"nothing", true, []string{"skipped: nothing run", "Result: NOTESTS"}},
		{"invalid", false, []string{"Failed 2/2 subtests"}},
		{"valid", true, []string{"All tests successful."}},
	}
	all := documents(t, "tap")
	for _, tt := range tests {
		out, content := consume(t, "report.tap", all[tt.name], "prove")
		if content != tt.content || strings.Contains(out, "Parse errors") {
			t.Errorf("%s: prove is content: %t\n%s\nof\n%s", tt.name, content, out, all[tt.name])
		}
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is missing in\n%s", tt.name, want, out)
			}
		}
	}
}

// The diagnostic blocks come whole out of the parser that prove is made of.
func TestTAPDiagnostics(t *testing.T) {
	t.Parallel()
	ci.Program(t, "perl")
	const script = `
my $parser = TAP::Parser->new({source => $ARGV[0]});
while (my $result = $parser->next) {
	print "description ", $result->description, "\n" if $result->is_test;
	next unless $result->is_yaml;
	my $data = $result->data;
	print "message $data->{message}\nat $data->{at}{file} $data->{at}{line} $data->{at}{column}\n";
	print "report $_\n" for split /\n/, $data->{report};
}
die "errors: ", $parser->parse_errors if $parser->parse_errors;
`
	text := documents(t, "tap")["all"]
	out, ok := consume(t, "report.tap", text, "perl", "-MTAP::Parser", "-e", script)
	for _, want := range []string{
		"description - passing\n",
		"message one: assert(1 == 2): 1 == 2 does not hold\nat x.yaml ",
		`description - nasty \\x01\\x1b[31m \# SKIP ]]> <&>"' \\u0085\\ufffe`,
		"report       |       ^\nreport \nreport transcript up to there:\nreport   one  | hello\n", "report fail  failing\n",
		`report -a\x00`, `report +b\xff`,
		`message cannot read the golden file: \xc3(`,
	} {
		if !ok || !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s\nof\n%s", want, out, text)
		}
	}
}

func TestXMLLintAcceptsJUnit(t *testing.T) {
	t.Parallel()
	ci.Program(t, "xmllint")
	for name, text := range documents(t, "junit") {
		out, ok := consume(t, "report.xml", text, "xmllint", "--noout", "--schema", filepath.Join("testdata", "junit.xsd"))
		if !ok {
			t.Errorf("%s: %s\nof\n%s", name, out, text)
		}
	}
	// The schema can reject.
	broken := strings.Replace(documents(t, "junit")["passed"], "classname=", "class=", 1)
	if out, ok := consume(t, "report.xml", broken, "xmllint", "--noout", "--schema", filepath.Join("testdata", "junit.xsd")); ok {
		t.Errorf("a report with a wrong attribute is accepted: %s", out)
	}
}

func TestCTRFFollowsItsSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", "ctrf.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text string) error {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return err
		}
		return schema.Validate(doc)
	}
	for name, text := range documents(t, "ctrf") {
		if err := validate(text); err != nil {
			t.Errorf("%s: %v\nof\n%s", name, err, text)
		}
	}
	broken := strings.Replace(documents(t, "ctrf")["passed"], `"status": "passed"`, `"status": "ok"`, 1)
	if err := validate(broken); err == nil {
		t.Error("a report with a wrong status is accepted")
	}
}
