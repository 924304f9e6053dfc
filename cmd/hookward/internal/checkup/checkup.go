// Package checkup looks for mistakes in configurations of Traefik that have hookward
// middlewares. Nothing is started, fetched or written.
package checkup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/rules"
	"github.com/hookward/hookward/cmd/hookward/internal/input"
)

const (
	// maxFileBytes and maxFiles bound what is read: a configuration has less.
	maxFileBytes = 4 << 20
	maxFiles     = 10_000
)

// deadline is how long it may take to render and to parse one file.
var deadline = 10 * time.Second

// Options say how to look.
type Options struct {
	Plugin      string // the plugin's name in Traefik; empty: see rules.Options
	Environment bool   // references, and variables of templates and Compose, are this process's
}

// Report is what was found.
type Report struct {
	Findings []finding.Finding
	Files    int // that could be read
	Sections int // of the plugin
	Read     int // documents that are Traefik's
	Unread   int // files and directories that could not be looked at
}

// Run checks files and directories together, as one Traefik might be given them. "-"
// stands for stdin.
func Run(names []string, stdin io.Reader, options Options) Report {
	set, files := gather(names, stdin, options.Environment)
	report := Report{Files: files, Read: set.Documents}
	report.Findings, report.Sections = rules.Run(set, rules.Options(options))
	report.Findings = finding.Sort(hide(set, report.Findings))
	for _, f := range report.Findings {
		if f.Rule == "unreadable" {
			report.Unread++
		}
	}
	return report
}

// Gate is a middleware with a section of the plugin.
type Gate = rules.Gate

// Gates returns the gates that Run would check, in the order in which they are written,
// and what is wrong with the files themselves.
func Gates(names []string, stdin io.Reader, options Options) ([]Gate, []finding.Finding) {
	set, _ := gather(names, stdin, options.Environment)
	gates := rules.Gates(set, rules.Options(options))
	return gates, finding.Sort(hide(set, set.Findings))
}

// hide takes the values of variables out of findings, and has those without a value as
// they are written.
func hide(set *inventory.Set, findings []finding.Finding) []finding.Finding {
	for i := range findings {
		findings[i].Path = reading.Restore(set.Environment.Hide(findings[i].Path))
		findings[i].Message = reading.Restore(set.Environment.Hide(findings[i].Message))
	}
	return findings
}

// gather reads files and directories into one set, and returns how many files could be
// read.
func gather(names []string, stdin io.Reader, environment bool) (*inventory.Set, int) {
	set := &inventory.Set{}
	if environment {
		set.Environment = &reading.Environment{}
	}
	files := 0
	seen := map[string]bool{}
	unreadable := func(name string, err error) {
		var inPath *os.PathError
		if errors.As(err, &inPath) {
			err = inPath.Err // the name stands before it
		}
		set.Findings = append(set.Findings, finding.Finding{File: name, Severity: finding.Error, Rule: "unreadable", Message: "can't be read: " + err.Error()})
	}
	read := func(name string, walked bool) {
		if seen[filepath.Clean(name)] {
			return
		}
		seen[filepath.Clean(name)] = true
		text, err := input.Read(name, stdin, maxFileBytes)
		if err != nil {
			unreadable(name, err)
			return
		}
		part, ok := readWithin(deadline, name, text, environment, walked)
		if !ok {
			unreadable(name, fmt.Errorf("it takes longer than %s to render and to parse", deadline))
			return
		}
		files++
		set.Merge(part)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case name == "-":
			read(name, false)
		case err != nil:
			unreadable(name, err)
		case !info.IsDir():
			read(name, false)
		default:
			below, err := filesBelow(name)
			if err == nil && len(below) == 0 {
				err = errors.New("it has no YAML or TOML files")
			}
			if err != nil {
				unreadable(name, err)
			}
			for _, file := range below {
				read(file, true)
			}
		}
	}
	set.Complete()
	return set, files
}

// readWithin reads what a file has into a set of its own, or gives up: templates may
// have loops, and aliases of YAML may stand for more than they look like. What goes on
// then ends with the process, and no later than the limits on what it makes.
func readWithin(limit time.Duration, name string, text []byte, environment, walked bool) (*inventory.Set, bool) {
	part := &inventory.Set{Walked: walked}
	if environment {
		part.Environment = &reading.Environment{}
	}
	done := make(chan struct{})
	go func() {
		part.Read(name, text)
		close(done)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return part, true
	case <-timer.C:
		return nil, false
	}
}

// filesBelow returns what Traefik's file provider reads of a directory: files of three
// extensions, and directories below, but not through links to them. A directory that is
// itself named by a link is followed. Those that begin
// with a dot are left out: workflows, and how Kubernetes keeps the versions of a mount.
func filesBelow(directory string) ([]string, error) {
	files := []string{}
	root := strings.TrimRight(directory, string(filepath.Separator)) + string(filepath.Separator)
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == root:
			return nil
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		case len(files) >= maxFiles:
			return fmt.Errorf("it has more than %d files", maxFiles)
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".yml", ".yaml", ".toml":
			info, err := os.Stat(path) // what a link leads to
			if err != nil || info.Mode().IsRegular() {
				files = append(files, path)
			}
		}
		return nil
	})
	sort.Strings(files)
	return files, err
}
