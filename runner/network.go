package runner

import (
	"context"
	"fmt"

	"github.com/sockscript/sockscript/scenarios"
)

// hostNetwork is the network of this process.
type hostNetwork struct{}

// Within implements [scenarios.Network].
func (hostNetwork) Within(f func()) { f() }

// unmet tells the first requirement that is not there and why; "" when all are.
func unmet(ctx context.Context, list []scenarios.Requirement, network scenarios.Network) string {
	for _, r := range list {
		if why := r.Unmet(ctx, network); why != "" {
			return fmt.Sprintf("requires %s: %s", r, why)
		}
	}
	return ""
}
