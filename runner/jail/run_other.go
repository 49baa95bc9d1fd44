//go:build !linux || !(amd64 || 386 || arm64)

package jail

import "github.com/sockscript/sockscript/runner/remote"

var noSandbox = []Lack{{"sandbox", "there is one on Linux only, on amd64, 386 and arm64", "run the scenario with --sandbox=off if you trust it"}}

// Missing are the layers that cannot be had here.
func Missing() []Lack { return noSandbox }

// Main does nothing.
func Main() {}

func start(Config) (*remote.Process, []Lack, error) { return nil, nil, &MissingError{noSandbox} }

func mayHand(string) error { return nil }

func mayGiveRaw() error { return nil }
