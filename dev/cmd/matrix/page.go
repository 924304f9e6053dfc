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
	header = "| Traefik | tests | date |\n|---|---|---|\n"
)

// row is a version's line of the table.
func (r result) row() string {
	if len(r.Failed) > 0 {
		return fmt.Sprintf("| %s | **%d fail**: %s; %d pass | %s |", strings.TrimPrefix(r.Version, "v"), len(r.Failed), strings.Join(r.Failed, ", "), r.Passed, r.Date)
	}
	return fmt.Sprintf("| %s | all %d pass | %s |", strings.TrimPrefix(r.Version, "v"), r.Passed, r.Date)
}

// record puts a result into the page. Rows of other versions stay.
func record(page string, r result) error {
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

func withRow(text string, r result) (string, error) {
	before, rest, found := strings.Cut(text, begin)
	table, after, closed := strings.Cut(rest, end)
	if !found || !closed || strings.Contains(after, begin) {
		return "", fmt.Errorf("has no table between %q and %q, or two", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	rows := []string{r.row()}
	for _, line := range strings.Split(strings.TrimPrefix(table, header), "\n") {
		if line != "" && version(line) != r.Version {
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
