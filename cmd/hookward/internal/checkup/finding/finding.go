// Package finding is what a check has to say, and where.
package finding

import (
	"sort"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
)

// How grave a finding is.
const (
	Error   = "error"   // the gate would answer 503, or Traefik would refuse or drop something
	Warning = "warning" // it works, but not as it should
	Info    = "info"    // to be known
)

// Finding is one thing to say. Line and Column count from 1, and are 0 where it is
// about the file as a whole.
type Finding struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"`
	Rule     string `json:"rule"`
	Path     string `json:"path"`
	Message  string `json:"message"`
}

// At returns a finding about a node of a file.
func At(file string, n *document.Node, severity, rule, path, message string) Finding {
	f := Finding{File: file, Severity: severity, Rule: rule, Path: path, Message: message}
	if n != nil {
		f.Line, f.Column = n.Line, n.Column
	}
	return f
}

// Sort puts findings in the order of files and lines, and leaves out what is said
// twice.
func Sort(findings []Finding) []Finding {
	sort.SliceStable(findings, func(i, j int) bool {
		a, b := findings[i], findings[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		if a.Column != b.Column {
			return a.Column < b.Column
		}
		return a.Path+"\x00"+a.Message < b.Path+"\x00"+b.Message
	})
	once := []Finding{}
	for i, f := range findings {
		if i == 0 || f != findings[i-1] {
			once = append(once, f)
		}
	}
	return once
}
