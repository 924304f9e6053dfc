package main

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

const versionHelp = `Says which version this is: of the module, the commit that it was built from, and the Go
version that built it. What the build does not know is left out: "go run" knows no
commit, and a downloaded module has a version alone. --version is the same.

The exit status is 0, or 2 if it is given something to look at.

  hookward version
  hookward version --json
`

// buildVersion is what a build knows of itself.
type buildVersion struct {
	Version  string `json:"version"` // of the module; (devel) where it has none
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // there were changes that were not committed
	Go       string `json:"go"`
}

func versionCommand() command {
	c := command{name: "version", summary: "say which version this is", text: versionHelp}
	c.define = func(flags *flag.FlagSet) func(arguments []string, s streams) int {
		asJSON := flags.Bool("json", false, "print JSON")
		return func(arguments []string, s streams) int {
			if len(arguments) > 0 {
				return c.fail(s, "takes no arguments")
			}
			info, _ := debug.ReadBuildInfo()
			err := versionOf(info).print(s.stdout, *asJSON)
			if err != nil {
				return c.fail(s, err.Error())
			}
			return exitGood
		}
	}
	return c
}

// versionOf reads what the linker has written; nil is nothing.
func versionOf(info *debug.BuildInfo) buildVersion {
	v := buildVersion{Version: "(devel)", Go: runtime.Version()}
	if info == nil {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value
		case "vcs.time":
			v.Time = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}

func (v buildVersion) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(w, v)
	}
	text := "hookward " + v.Version + "\n"
	if v.Revision != "" {
		text += "revision " + v.Revision
		if v.Time != "" {
			text += " of " + v.Time
		}
		if v.Modified {
			text += ", with changes that are not committed"
		}
		text += "\n"
	}
	_, err := fmt.Fprintf(w, "%s%s\n", text, v.Go)
	return err
}
