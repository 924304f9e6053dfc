package main

import (
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

const checkHelp = `Checks configurations before Traefik reads them: files of its file provider (YAML and
TOML), labels in Compose files, Kubernetes manifests, values of Helm, and the static
configuration, as a file or as flags, if it is among them. Of a directory, all YAML and
TOML files are read, and what is not Traefik's is left alone. Files that are named
together are checked together, as one Traefik has them: a router in one may go around a
middleware in another. A FILE of - is stdin.

What the options of a middleware may be is for the plugin's own code to say, so a gate
whose options are good here does not answer 503 for them. Nothing is fetched, and no
secret is needed: env:NAME and file:/path are listed, and taken for good.

docs/check.md has the rules, each with its cure.

The exit status is 0 if there are no mistakes, 1 if there are (with --strict, warnings,
too), and 2 if there was nothing to check, or something could not be looked at.

  hookward check /etc/traefik
  hookward check --strict -q traefik.yml dynamic/ compose.yaml
  hookward check --format github .
  helm template . | hookward check -
`

// pluginUsage is what help says of --plugin.
const pluginUsage = "the `NAME` that the plugin has in Traefik (default as a static configuration\namong the files says, or hookward)"

func checkCommand() command {
	c := command{name: "check", arguments: "FILE|DIRECTORY...", summary: "check Traefik's configuration: mistakes, and routers that go around a gate", text: checkHelp}
	c.define = func(flags *flag.FlagSet) func(arguments []string, s streams) int {
		plugin := flags.String("plugin", "", pluginUsage)
		environment := flags.Bool("env", false, "resolve env:NAME, file:/path and the variables of templates and Compose here;\nwhat is missing is a mistake")
		strict := flags.Bool("strict", false, "exit with 1 for warnings, too")
		quiet := flags.Bool("q", false, "leave out infos")
		asJSON := flags.Bool("json", false, "print JSON; the same as --format json")
		format := flags.String("format", "text", "what to print: a `FORMAT` of "+strings.Join(checkFormatNames(), ", ")+"; github is\nfor annotations of GitHub Actions")
		return func(names []string, s streams) int {
			if *asJSON {
				*format = "json"
			}
			if len(names) == 0 {
				return c.fail(s, "name a file or a directory; 'hookward help check' says more")
			}
			report := checkup.Run(names, s.stdin, checkup.Options{Plugin: *plugin, Environment: *environment})
			errors, warnings, _ := count(report.Findings)
			if *quiet {
				report.Findings = withoutInfos(report.Findings)
			}
			problem := printFindings(report, *format, s.stdout)
			if problem != "" {
				return c.fail(s, problem)
			}
			if report.Read == 0 {
				return c.fail(s, "there was no configuration of Traefik to check")
			}
			if report.Unread > 0 {
				return c.fail(s, "not everything could be looked at; what is marked [unreadable] says why")
			}
			if errors > 0 || *strict && warnings > 0 {
				return exitBroken
			}
			if report.Sections == 0 {
				return c.fail(s, noSections)
			}
			return exitGood
		}
	}
	return c
}

// noSections is said where files have nothing for the plugin.
const noSections = "there is no hookward middleware in what was read; if Traefik knows the plugin by another name, give it with --plugin"

func count(findings []finding.Finding) (int, int, int) {
	errors, warnings, infos := 0, 0, 0
	for _, f := range findings {
		switch f.Severity {
		case finding.Error:
			errors++
		case finding.Warning:
			warnings++
		default:
			infos++
		}
	}
	return errors, warnings, infos
}

// printFindings prints a report in a format, or says what is wrong.
func printFindings(report checkup.Report, format string, w io.Writer) string {
	for _, f := range checkFormats {
		if f.name != format {
			continue
		}
		if err := f.print(report, w); err != nil {
			return err.Error()
		}
		return ""
	}
	return "--format: " + strconv.Quote(format) + " is not known; allowed: " + strings.Join(checkFormatNames(), ", ")
}

func describeFinding(w io.Writer, f finding.Finding) string {
	colour := map[string]string{finding.Error: red, finding.Warning: yellow, finding.Info: faint}[f.Severity]
	path := ""
	if f.Path != "" {
		path = oneLine(f.Path) + ": "
	}
	return fmt.Sprintf("%s: %s: %s%s [%s]\n", oneLine(placeOf(f)), paint(w, colour, f.Severity), path, oneLine(f.Message), f.Rule)
}

// placeOf says where a finding is, as compilers do.
func placeOf(f finding.Finding) string {
	at := f.File
	if f.Line > 0 {
		at += fmt.Sprintf(":%d", f.Line)
		if f.Column > 0 {
			at += fmt.Sprintf(":%d", f.Column)
		}
	}
	return at
}
