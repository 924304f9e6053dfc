package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/auditlog"
	"github.com/hookward/hookward/internal/logfile"
)

const auditHelp = `Checks an audit log that a gate has written to a file. With one FILE, its old files
beside it are checked as well; several are checked as they are named, oldest first,
but for those of one log, which are put in their order. They may be compressed. A FILE
of - is stdin.

Without --key, only the records' numbers are checked: it finds what is missing by
mistake. With the key that the option chainKey has, it finds every line that somebody
has changed, added, moved or removed without having the key, but for the end of the
newest file: note the last value that is printed, somewhere else, and demand it the
next time with --last.

The exit status is 0 if the log is as it was written, 1 if it is not, and 2 if it can't be
checked.

  hookward audit --key env:AUDIT_KEY /var/log/traefik/audit.log
`

const (
	// maxPrinted is how many problems are printed for people, and maxListed how many
	// for machines: with a wrong key, every line is one.
	maxPrinted = 50
	maxListed  = 1000
	// maxAttempts is how often a log is checked that is rotated meanwhile.
	maxAttempts = 3
)

// auditReport is what --json prints.
type auditReport struct {
	Good     bool               `json:"good"`
	Files    []string           `json:"files"`
	Summary  auditlog.Summary   `json:"summary"`
	Problems []auditlog.Problem `json:"problems"` // the first 1000
}

var chainValue = regexp.MustCompile(`^[0-9a-f]{64}$`)

func auditCommand() command {
	c := command{name: "audit", arguments: "FILE...", summary: "check an audit log: changed, missing and added lines", text: auditHelp}
	c.define = func(flags *flag.FlagSet) func(arguments []string, s streams) int {
		keyReference := flags.String("key", "", "the key of the chain: `env:NAME` or file:/path")
		last := flags.String("last", "", "a `VALUE` of the chain that has to be in the log")
		asJSON := flags.Bool("json", false, "print JSON")
		return func(files []string, s streams) int {
			status, problem := audit(files, *keyReference, *last, *asJSON, s)
			if problem != "" {
				return c.fail(s, problem)
			}
			return status
		}
	}
	return c
}

// audit checks the log that the files are of, and prints what it finds. Where it can't
// be checked it returns the problem.
func audit(files []string, keyReference, last string, asJSON bool, s streams) (int, string) {
	var key []byte
	switch {
	case len(files) == 0:
		return exitUsage, "name a file; 'hookward help audit' says more"
	case last != "" && keyReference == "":
		return exitUsage, "--last: needs --key, because anybody can write a value into a line"
	case last != "" && !chainValue.MatchString(last):
		return exitUsage, "--last: must be 64 hexadecimal digits, as printed before"
	case keyReference != "":
		var err error
		key, err = readKey(keyReference)
		if err != nil {
			return exitUsage, "--key: " + err.Error()
		}
	}
	report, err := auditFiles(key, files, s.stdin, last)
	if err != nil {
		return exitUsage, err.Error()
	}
	if asJSON {
		err = printJSON(s.stdout, report)
	} else {
		_, err = io.WriteString(s.stdout, describe(report, len(key) > 0))
	}
	if err != nil {
		return exitUsage, err.Error()
	}
	switch {
	case report.Good:
		return exitGood, ""
	case report.Summary.Problems == 0:
		return exitUsage, "there are no lines in it, so there was nothing to check"
	}
	return exitBroken, ""
}

// auditFiles checks a log. It does so again where that was rotated meanwhile.
func auditFiles(key []byte, named []string, stdin io.Reader, last string) (auditReport, error) {
	report := auditReport{}
	var err error
	for i := 0; i < maxAttempts; i++ {
		report = auditReport{Problems: []auditlog.Problem{}}
		report.Files, err = filesOf(named)
		if err != nil {
			return report, err
		}
		report.Summary, err = auditlog.Files(key, report.Files, stdin, last, func(p auditlog.Problem) {
			if len(report.Problems) < maxListed {
				report.Problems = append(report.Problems, p)
			}
		})
		report.Good = err == nil && report.Summary.Problems == 0 && report.Summary.Lines > 0
		now, wrong := filesOf(named)
		if report.Good || wrong != nil || isStdin(named) || strings.Join(now, "\x00") == strings.Join(report.Files, "\x00") {
			break
		}
	}
	return report, err
}

// isStdin says whether stdin is to be read, which can be read once.
func isStdin(named []string) bool {
	for _, name := range named {
		if name == "-" {
			return true
		}
	}
	return false
}

// filesOf returns the files that are meant by those that are named, oldest first.
func filesOf(named []string) ([]string, error) {
	if len(named) == 1 && named[0] == "-" {
		return named, nil
	}
	if len(named) == 1 {
		if _, old := logfile.IsOld(named[0]); old {
			return named, nil
		}
		files, err := logfile.Old(named[0])
		if err != nil {
			return nil, err
		}
		_, err = os.Stat(named[0])
		if os.IsNotExist(err) && len(files) > 0 {
			return files, nil // rotated, and nothing written since
		}
		return append(files, named[0]), nil
	}
	seen := map[string]bool{}
	logs := map[string]bool{}
	for _, name := range named {
		if seen[filepath.Clean(name)] {
			return nil, errors.New(name + " is named twice")
		}
		seen[filepath.Clean(name)] = true
		logs[logOf(name)] = true
	}
	files := append([]string{}, named...)
	if len(logs) == 1 {
		// As a shell sorts them, the newest is the first.
		sort.SliceStable(files, func(i, j int) bool {
			if isOld(files[i]) != isOld(files[j]) {
				return isOld(files[i])
			}
			return strings.TrimSuffix(files[i], ".gz") < strings.TrimSuffix(files[j], ".gz")
		})
	}
	return files, nil
}

// logOf returns the path of the log that a file is of.
func logOf(name string) string {
	path, old := logfile.IsOld(filepath.Clean(name))
	if !old {
		return filepath.Clean(name)
	}
	return path
}

func isOld(name string) bool {
	_, old := logfile.IsOld(name)
	return old
}

// describe says for people what a report says.
func describe(report auditReport, chained bool) string {
	text := strings.Builder{}
	for i, p := range report.Problems {
		if i == maxPrinted {
			fmt.Fprintf(&text, "and %d more\n", report.Summary.Problems-maxPrinted)
			break
		}
		if p.Line > 0 {
			fmt.Fprintf(&text, "%s:%d: %s\n", oneLine(p.File), p.Line, oneLine(p.Text))
		} else if p.File != "" {
			fmt.Fprintf(&text, "%s: %s\n", oneLine(p.File), oneLine(p.Text))
		} else {
			fmt.Fprintln(&text, oneLine(p.Text))
		}
	}
	s := report.Summary
	fmt.Fprintf(&text, "%s in %s", counted(s.Lines, "line"), counted(int64(s.Files), "file"))
	if chained {
		fmt.Fprintf(&text, ", %d of them as the key says", s.Chained)
	}
	fmt.Fprintf(&text, "; %s reported as lost, %d missing without a word\n", counted(s.Lost, "record"), s.Missing)
	if chained && s.Chained > 0 {
		switch {
		case s.Begins:
			fmt.Fprintln(&text, "the chain begins with the first line")
		case s.Continues:
			fmt.Fprintln(&text, "the chain does not begin with the first line: older files are not here")
		default:
			fmt.Fprintln(&text, "whether the chain begins with the first line can't be told: the key does not fit that line")
		}
		fmt.Fprintln(&text, "last value:", s.Last)
	}
	switch {
	case report.Good:
		fmt.Fprintln(&text, "good")
	case s.Problems > 0:
		fmt.Fprintf(&text, "BROKEN: problems: %d\n", s.Problems)
	}
	return text.String()
}
