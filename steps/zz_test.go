package steps_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios"
)

func TestZZ(t *testing.T) {
	data, _ := os.ReadFile("/tmp/h/cases.txt")
	for _, c := range strings.Split(string(data), "=====\n") {
		text := c
		if !strings.Contains(c, "actors:") {
			text = one(c)
		}
		_, problems := scenarios.Parse("t.yaml", []byte(text))
		fmt.Printf("----------\n%s>>>\n%s\n", text, problems.Report())
	}
}
