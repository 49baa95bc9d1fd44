package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
)

// The version names the commit too, of a release as of a build in between.
func TestVersion(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	built := fmt.Sprintf(" %s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	info := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	revision := debug.BuildSetting{Key: "vcs.revision", Value: commit}
	changed := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for _, c := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{nil, "sockscript (devel)"},
		{info("v1.2.3"), "sockscript v1.2.3"},
		{info("v1.2.3", revision), "sockscript v1.2.3 commit 0123456789ab"},
		{info("(devel)", revision, changed), "sockscript (devel) commit 0123456789ab with changes"},
	} {
		if got := versionOf(c.info); got != c.want+built {
			t.Errorf("%q, not %q", got, c.want+built)
		}
	}
}
