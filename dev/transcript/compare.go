package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hookward/hookward/dev/transcript/note"
)

// result says how much two runs have in common, and in what they differ.
type result struct {
	Tests, Requests int
	Differences     []string
}

// entry is all that was seen of a request.
type entry struct {
	name  string
	lines []string // masked
}

func (e entry) text() string { return strings.Join(e.lines, "\n") }

// compare holds two directories against each other, in what the tests of some packages
// have noted there. That a test is missing in one of them is a difference; that a package
// has noted nothing is an error.
func compare(a, b string, packages ...string) (result, error) {
	r := result{}
	for _, name := range packages {
		left, err := read(a, name)
		if err != nil {
			return r, err
		}
		right, err := read(b, name)
		if err != nil {
			return r, err
		}
		tests := maps.Clone(left)
		maps.Copy(tests, right)
		for _, test := range slices.Sorted(maps.Keys(tests)) {
			r.Tests++
			r.Requests += len(left[test])
			if left[test] == nil || right[test] == nil {
				r.Differences = append(r.Differences, test+" is missing in one of the runs")
			}
			r.Differences = append(r.Differences, differences(test, left[test], right[test])...)
		}
	}
	return r, nil
}

// differences says which requests of a test went differently. In which order they came is
// no difference.
func differences(test string, left, right []entry) []string {
	onlyLeft, onlyRight := without(left, right), without(right, left)
	found := []string{}
	for _, e := range onlyLeft {
		twin := slices.IndexFunc(onlyRight, func(other entry) bool { return other.lines[0] == e.lines[0] })
		if twin < 0 {
			found = append(found, fmt.Sprintf("%s: %s is in the first run alone:\n%s", test, e.name, e.text()))
			continue
		}
		text := fmt.Sprintf("%s: %s, and %s in the second run:", test, e.name, onlyRight[twin].name)
		for _, line := range lacking(e, onlyRight[twin]) {
			text += "\n- " + line
		}
		for _, line := range lacking(onlyRight[twin], e) {
			text += "\n+ " + line
		}
		found = append(found, text)
		onlyRight = slices.Delete(onlyRight, twin, twin+1)
	}
	for _, e := range onlyRight {
		found = append(found, fmt.Sprintf("%s: %s is in the second run alone:\n%s", test, e.name, e.text()))
	}
	return found
}

// without returns the entries that others have no equal of, one by one.
func without(entries, others []entry) []entry {
	count := map[string]int{}
	for _, e := range others {
		count[e.text()]++
	}
	rest := []entry{}
	for _, e := range entries {
		if count[e.text()]--; count[e.text()] < 0 {
			rest = append(rest, e)
		}
	}
	return rest
}

// lacking returns the lines of an entry that another lacks.
func lacking(e, other entry) []string {
	return slices.DeleteFunc(slices.Clone(e.lines), func(line string) bool { return slices.Contains(other.lines, line) })
}

// read returns the requests of each test of a package.
func read(directory, name string) (map[string][]entry, error) {
	files, err := os.ReadDir(filepath.Join(directory, name))
	if err != nil {
		return nil, err
	}
	run, seen := map[string][]entry{}, map[string]bool{}
	for _, file := range files {
		test := filepath.Join(name, file.Name())
		text, err := os.ReadFile(filepath.Join(directory, test))
		if err != nil {
			return nil, err
		}
		if run[test], err = entries(string(text), seen); err != nil {
			return nil, fmt.Errorf("%s: %w", test, err)
		}
	}
	for _, part := range note.Parts {
		if !seen[part] {
			return nil, fmt.Errorf("%s: %s has no note %q", directory, name, part)
		}
	}
	return run, nil
}

// entries returns the requests of a transcript that the test has noted itself, and adds
// which parts of them were seen.
func entries(text string, seen map[string]bool) ([]entry, error) {
	notes := map[string]map[string][]string{}
	for line := range strings.Lines(text) {
		n := note.Line{}
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			return nil, fmt.Errorf("%w: %.100q", err, line)
		}
		if notes[n.Request] == nil {
			notes[n.Request] = map[string][]string{}
		}
		for _, line := range n.Lines {
			notes[n.Request][n.Part] = append(notes[n.Request][n.Part], n.Part+" "+line)
		}
	}
	all := []entry{}
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		byPart := notes[name]
		if byPart["sent"] == nil && byPart["answer"] == nil {
			continue
		}
		lines := []string{}
		for _, part := range note.Parts {
			seen[part] = seen[part] || byPart[part] != nil
			lines = append(lines, byPart[part]...)
		}
		all = append(all, entry{name, masked(name, lines)})
	}
	return all, nil
}
