//go:build !linux

package runner

import "runtime"

func probeNetns() string { return "network namespaces are Linux's; this is " + runtime.GOOS }
