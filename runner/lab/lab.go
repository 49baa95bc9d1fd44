package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// A PlanError is a part of a plan that the kernel has refused. Fields that it
// is not about are zero.
type PlanError struct {
	Host      string
	Interface string
	Address   netip.Prefix
	Route     netip.Prefix // where it goes to
	Link      string
	Err       error // a [SysctlError] where it is about one
}

func (e *PlanError) Error() string {
	var at []string
	if e.Link != "" {
		at = append(at, "the link "+e.Link)
	}
	if e.Host != "" {
		at = append(at, "the host "+e.Host)
	}
	if e.Interface != "" {
		at = append(at, "the interface "+e.Interface)
	}
	if e.Address.IsValid() {
		at = append(at, "the address "+e.Address.String())
	}
	if e.Route.IsValid() {
		at = append(at, "the route to "+e.Route.String())
	}
	return fmt.Sprintf("%s: %s", strings.Join(at, ", "), e.Err)
}

func (e *PlanError) Unwrap() error { return e.Err }

// A Change is what becomes of a link over the wire; a nil field stays as it is.
type Change struct {
	From   string // the end whose frames are meant, as alpha.eth0; "": all
	Delay  *time.Duration
	Jitter *time.Duration // up to so much is added to the delay of each frame
	Loss   *float64       // from 0 to 1
	Rate   *int64         // bits a second
	MTU    *int           // larger packets are lost without an answer; 0: none are
}
