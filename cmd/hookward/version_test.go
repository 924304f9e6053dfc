package main

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// What the build knows is said, and nothing is made up of what it does not.
func TestVersion(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for _, c := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{nil, "hookward (devel)\n"},
		{&debug.BuildInfo{}, "hookward (devel)\n"},
		{&debug.BuildInfo{Main: debug.Module{Version: "v0.1.0"}}, "hookward v0.1.0\n"},
		{&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{setting("vcs", "git"), setting("vcs.revision", "abc"), setting("vcs.time", "2026-01-02T03:04:05Z"), setting("vcs.modified", "false")}},
			"hookward (devel)\nrevision abc of 2026-01-02T03:04:05Z\n"},
		{&debug.BuildInfo{Settings: []debug.BuildSetting{setting("vcs.revision", "abc"), setting("vcs.modified", "true")}},
			"hookward (devel)\nrevision abc, with changes that are not committed\n"},
	} {
		b := &strings.Builder{}
		if err := versionOf(c.info).print(b, false); err != nil || b.String() != c.want+runtime.Version()+"\n" {
			t.Errorf("%+v: %v\n%s", c.info, err, b)
		}
	}
	for _, name := range []string{"version", "--version", "-version"} {
		status, stdout, stderr := hookward(name)
		if status != exitGood || stderr != "" || !strings.HasPrefix(stdout, "hookward ") || !strings.HasSuffix(stdout, "\n"+runtime.Version()+"\n") {
			t.Errorf("%s: %d %s%s", name, status, stdout, stderr)
		}
	}
	status, stdout, stderr := hookward("--version", "--json")
	v := map[string]any{}
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || status != exitGood || stderr != "" || v["go"] != runtime.Version() || v["version"] == "" || v["time"] != nil && v["revision"] == nil {
		t.Errorf("--json: %d %v %s%s", status, err, stdout, stderr)
	}
}
