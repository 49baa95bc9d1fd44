package payload

import "testing"

// Each row of the table is whole, and no two have the same key.
func TestPayloadTable(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, f := range payloadForms() {
		if f.key == "" || f.help == "" || f.schema == nil || f.decode == nil || seen[f.key] {
			t.Errorf("the row %q is not whole, or is there twice", f.key)
		}
		seen[f.key] = true
	}
}
