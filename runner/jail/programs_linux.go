//go:build amd64 || 386 || arm64

package jail

// programs are the parts that the programs need which may be run.
func (in *inside) programs() ([]part, error) { return nil, nil }
