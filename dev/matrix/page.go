package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

const (
	begin  = "<!-- The table is written by `make matrix`. -->\n"
	end    = "<!-- End of the table. -->\n"
	header = "| Traefik | plugin | compiled in | date |\n|---|---|---|---|\n"
)

// row is a version's line of the table.
type row struct {
	version, date string
	cells         []string // one for each form
}

func (r row) String() string {
	return "| " + strings.TrimPrefix(r.version, "v") + " | " + strings.Join(r.cells, " | ") + " | " + r.date + " |"
}

// cell is what the table says of a form.
func (r result) cell() string {
	switch {
	case r.impossible:
		return "can't be built"
	case len(r.failed) > 0:
		return fmt.Sprintf("**%d fail**: %s; %d pass", len(r.failed), strings.Join(r.failed, ", "), r.passed)
	}
	return fmt.Sprintf("all %d pass", r.passed)
}

// record puts a row into the page. Those of other versions stay.
func record(page string, r row) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	changed, err := withRow(string(text), r)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	return os.WriteFile(page, []byte(changed), 0o644)
}

func withRow(text string, r row) (string, error) {
	before, rest, found := strings.Cut(text, begin)
	table, after, closed := strings.Cut(rest, end)
	if !found || !closed || strings.Contains(after, begin) {
		return "", fmt.Errorf("has no table between %q and %q, or two", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	rows := []string{r.String()}
	for _, line := range strings.Split(strings.TrimPrefix(table, header), "\n") {
		if line != "" && version(line) != r.version {
			rows = append(rows, line)
		}
	}
	slices.SortFunc(rows, func(a, b string) int { return semver.Compare(version(a), version(b)) })
	return before + begin + header + strings.Join(rows, "\n") + "\n" + end + after, nil
}

// version is that of a row.
func version(row string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
	return "v" + first
}
