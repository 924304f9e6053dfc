package main

import (
	"os"
	"path/filepath"
	"strings"
)

const separator = "=================="

// collect reads the detector's reports: each of hookward's, and how often there was each
// of somebody else's, by where.
func collect(directory string) ([]string, map[string]int, error) {
	files, err := filepath.Glob(filepath.Join(directory, "race.*"))
	if err != nil {
		return nil, nil, err
	}
	ours, others := []string{}, map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		for _, report := range strings.Split(string(text), separator) {
			if !strings.Contains(report, "WARNING: DATA RACE") {
				continue
			}
			places := placesOf(report)
			if strings.Contains(strings.Join(places, " "), "github.com/hookward/hookward") {
				ours = append(ours, report)
			} else {
				others[strings.Join(places, " and ")]++
			}
		}
	}
	return ours, others, nil
}

// placesOf returns for each of the two accesses the innermost function that is not of the
// standard library. A handler further out has nothing to do with it.
func placesOf(report string) []string {
	places := []string{}
	inAccess := false
	for _, line := range strings.Split(report, "\n") {
		switch {
		case strings.Contains(line, " at 0x") && strings.Contains(line, " by "):
			inAccess = true
		case strings.HasPrefix(line, "Goroutine "):
			inAccess = false
		case inAccess && strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "   "):
			if function := strings.TrimSpace(line); !isStandard(function) {
				places = append(places, function)
				inAccess = false
			}
		}
	}
	return places
}

// isStandard says whether a function is of the standard library, whose paths begin with a
// word without a dot, such as net/http.(*conn).serve.
func isStandard(function string) bool {
	first, _, isPath := strings.Cut(function, "/")
	return !isPath || !strings.Contains(first, ".")
}
