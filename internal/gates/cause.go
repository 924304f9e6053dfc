package gates

import (
	"regexp"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/report"
)

// ReportAgain logs the configuration problem again, so that it is near the end of the
// log when an operator looks.
func ReportAgain(g *Gate, now time.Time) {
	report.Write("error", g.Name, refusesAll+problemOf(g), now)
}

// maxCause bounds what a record says of a configuration's mistakes.
const maxCause = 1000

// These find what a configuration's mistakes repeat of it: values, and what is no
// placeholder of a template.
var (
	quotedValue  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(?:\.\.\.)?`)
	unknownBrace = regexp.MustCompile(`\{[^{}]*\}( is not known| can't stand here)`)
	// A secret behind env: looks like a name. Names have capitals.
	unlikelyName = regexp.MustCompile(`environment variable (?:\w*[a-z]\w*|\w{41,})`)
)

// Cause returns why a gate refuses everything, at a length for a record.
func Cause(g *Gate) string { return withoutValues(problemOf(g)) }

// withoutValues returns a problem of a configuration for others than who reads stderr: a value
// may be a secret that stands in the place of another option.
func withoutValues(problem string) string {
	if problem == "" {
		return ""
	}
	cause := unknownBrace.ReplaceAllString(problem, "{...}$1")
	cause = quotedValue.ReplaceAllString(cause, `"..."`)
	cause = unlikelyName.ReplaceAllString(cause, "environment variable ...")
	if len(cause) > maxCause {
		cause = strings.ToValidUTF8(cause[:maxCause], "") + "..."
	}
	return cause
}
