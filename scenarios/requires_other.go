//go:build !linux

package scenarios

import (
	"fmt"
	"os"
	"runtime"
)

func probeNetns(*probing, string) string {
	return "network namespaces are Linux's; this is " + runtime.GOOS
}

func probeRoot(*probing, string) string {
	if uid := os.Geteuid(); uid != 0 {
		return fmt.Sprintf("the user id is %d", uid)
	}
	return ""
}

func probeCapability(*probing, string) string {
	return "capabilities are Linux's; this is " + runtime.GOOS
}
