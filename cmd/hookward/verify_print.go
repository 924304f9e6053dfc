package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward"
)

// describeVerify says for people what a report says.
func describeVerify(v verifyReport, w io.Writer) string {
	text := strings.Builder{}
	fmt.Fprintf(&text, "%s, judged as of %s, %s\n", v.Request, v.JudgedAt.Format(time.RFC3339), v.Moment)
	for _, note := range v.Notes {
		fmt.Fprintln(&text, paint(w, yellow, "note:"), note)
	}
	if len(v.Problems) > 0 {
		fmt.Fprintln(&text, paint(w, red, "The configuration has mistakes, and the gate answers 503 to everything:"))
		for _, problem := range v.Problems {
			fmt.Fprintln(&text, " ", problem)
		}
		for _, hint := range problemHints(v.Problems) {
			fmt.Fprintln(&text, paint(w, yellow, "hint:"), hint)
		}
		return text.String()
	}
	fmt.Fprintln(&text)
	for _, c := range v.Checks {
		fmt.Fprintf(&text, "%s  %s%s\n", paint(w, colourOf(c.State), fmt.Sprintf("%-11s", c.State)), c.Name, reasonSuffix(c))
		for _, seen := range c.Seen {
			fmt.Fprintf(&text, "             %s\n", seen)
		}
	}
	for _, other := range v.NotJudged {
		fmt.Fprintf(&text, "%s  %s\n", paint(w, faint, fmt.Sprintf("%-11s", hookward.CheckNotJudged)), other)
	}
	if v.Diagnosis != nil {
		fmt.Fprintln(&text)
		for _, cause := range v.Diagnosis.Causes {
			fmt.Fprintln(&text, paint(w, bold, "cause:"), cause.Text)
			if cause.Cure != "" {
				fmt.Fprintln(&text, "  cure:", cause.Cure)
			}
		}
		for _, hint := range v.Diagnosis.Hints {
			fmt.Fprintln(&text, paint(w, yellow, "hint:"), hint)
		}
	}
	fmt.Fprintf(&text, "\n%s\n", verdict(v, w))
	return text.String()
}

// verdict is the last line.
func verdict(v verifyReport, w io.Writer) string {
	switch {
	case v.Undecided != "":
		return paint(w, yellow, "UNDECIDED") + ": " + v.Undecided
	case v.Passes:
		return paint(w, green, "PASSES") + ": " + v.Reason + ", and is forwarded"
	case v.Answered:
		return paint(w, green, "ANSWERED") + fmt.Sprintf(": %s, with %d %s, and not forwarded", v.Reason, v.Status, http.StatusText(v.Status))
	}
	return paint(w, red, "REFUSED") + fmt.Sprintf(": %s, the caller gets %d %s", v.Reason, v.Status, http.StatusText(v.Status))
}

func reasonSuffix(c hookward.Check) string {
	if c.Reason == "" {
		return ""
	}
	return ": " + c.Reason
}

func colourOf(state string) string {
	switch state {
	case hookward.CheckPassed:
		return green
	case hookward.CheckFailed:
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
		}
		if len(hints) > 0 {
			break
		}
	}
	return hints
}
