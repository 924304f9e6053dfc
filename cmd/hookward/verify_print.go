package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward/explain"
)

// describeVerify says for people what a report says.
func describeVerify(v verifyReport, w io.Writer) string {
	text := strings.Builder{}
	e := v.Explanation
	fmt.Fprintf(&text, "%s, judged as of %s, %s\n", oneLine(v.Request), v.JudgedAt.Format(time.RFC3339), v.Moment)
	for _, note := range v.Notes {
		fmt.Fprintln(&text, paint(w, yellow, "note:"), oneLine(note))
	}
	if len(e.Problems) > 0 {
		fmt.Fprintln(&text, paint(w, red, "The configuration has mistakes, and the gate answers 503 to everything:"))
		for _, problem := range e.Problems {
			fmt.Fprintln(&text, " ", oneLine(problem))
		}
		for _, hint := range problemHints(e.Problems) {
			fmt.Fprintln(&text, paint(w, yellow, "hint:"), hint)
		}
		return text.String()
	}
	fmt.Fprintln(&text)
	for _, c := range e.Checks {
		fmt.Fprintf(&text, "%s  %s%s\n", paint(w, colourOfState(c.State), fmt.Sprintf("%-11s", c.State)), c.Name, reasonSuffix(c))
		for _, seen := range c.Seen {
			fmt.Fprintf(&text, "             %s\n", oneLine(seen))
		}
	}
	for _, other := range e.NotJudged {
		fmt.Fprintf(&text, "%s  %s\n", paint(w, faint, fmt.Sprintf("%-11s", explain.CheckNotJudged)), oneLine(other))
	}
	if v.Diagnosis != nil && len(v.Diagnosis.Causes)+len(v.Diagnosis.Hints) > 0 {
		fmt.Fprintln(&text)
		for _, cause := range v.Diagnosis.Causes {
			fmt.Fprintln(&text, paint(w, bold, "cause:"), oneLine(cause.Text))
			if cause.Cure != "" {
				fmt.Fprintln(&text, "  cure:", oneLine(cause.Cure))
			}
		}
		for _, hint := range v.Diagnosis.Hints {
			fmt.Fprintln(&text, paint(w, yellow, "hint:"), oneLine(hint))
		}
	}
	fmt.Fprintf(&text, "\n%s\n", verdict(v, w))
	return text.String()
}

// verdict is the last line.
func verdict(v verifyReport, w io.Writer) string {
	e := v.Explanation
	switch v.Verdict {
	case "undecided":
		return paint(w, yellow, "UNDECIDED") + ": " + e.Undecided
	case "passes":
		return paint(w, green, "PASSES") + ": " + e.Reason + ", and is forwarded"
	case "answered":
		return paint(w, green, "ANSWERED") + fmt.Sprintf(": %s, with %d %s, and not forwarded", e.Reason, e.Status, http.StatusText(e.Status))
	}
	return paint(w, red, "REFUSED") + fmt.Sprintf(": %s, the caller gets %d %s", e.Reason, e.Status, http.StatusText(e.Status))
}

func reasonSuffix(c explain.Check) string {
	if c.Reason == "" {
		return ""
	}
	return ": " + c.Reason
}

func colourOfState(state string) string {
	switch state {
	case explain.CheckPassed:
		return green
	case explain.CheckFailed:
		return red
	}
	return faint
}

// problemHints says what to do about mistakes that are none of the configuration's,
// but of the place in which it is read.
func problemHints(problems []string) []string {
	hints := []string{}
	for _, problem := range problems {
		switch {
		case strings.Contains(problem, "in Traefik's environment"):
			hints = append(hints, "the variable is read here, in this command's environment: export it, or name another reference with --secret")
		case strings.Contains(problem, "file /") && (strings.Contains(problem, "Traefik's user") || strings.Contains(problem, "can't be")):
			hints = append(hints, "the file is read here, on this machine and by you: copy it, or name another reference with --secret")
		case strings.HasSuffix(problem, ": is empty or blank"):
			hints = append(hints, "what a template or Compose puts in is read here, in this command's environment: export the variable, or give --secret")
		}
		if len(hints) > 0 {
			break
		}
	}
	return hints
}
