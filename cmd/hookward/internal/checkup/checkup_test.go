package checkup

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

var update = flag.Bool("update", false, "write what is found into testdata; to be read before it is committed")

// lines returns what is found below a directory, a line each, by the files' names.
func lines(t *testing.T, directory string) ([]finding.Finding, string) {
	t.Helper()
	report := Run([]string{directory}, nil, Options{})
	text := ""
	for i, f := range report.Findings {
		f.File = strings.TrimPrefix(f.File, directory+string(filepath.Separator))
		report.Findings[i] = f
		text += fmt.Sprintf("%s:%d:%d: %s: %s: %s [%s]\n", f.File, f.Line, f.Column, f.Severity, f.Path, strings.ReplaceAll(f.Message, directory+string(filepath.Separator), ""), f.Rule)
	}
	return report.Findings, text
}

// Each directory of testdata is named after a rule. What is in trap breaks it, and
// trap.txt has all that is said of that; what is in cured has nothing to be warned of.
func TestRules(t *testing.T) {
	directories, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, directory := range directories {
		rule := filepath.Base(directory)
		isSource := strings.HasPrefix(rule, "sources-")
		tested[rule] = true
		t.Run(rule, func(t *testing.T) {
			found, text := lines(t, filepath.Join(directory, "trap"))
			golden := filepath.Join(directory, "trap.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != text {
				t.Errorf("%v, found\n%swant\n%s", err, text, want)
			}
			if isSource {
				return
			}
			if !has(found, rule) {
				t.Errorf("the trap is not found:\n%s", text)
			}
			found, text = lines(t, filepath.Join(directory, "cured"))
			if has(found, rule) {
				t.Errorf("the cure does not help:\n%s", text)
			}
			for _, f := range found {
				if f.Severity != finding.Info {
					t.Errorf("the cure is told of as well: %+v", f)
				}
			}
		})
	}
	for rule := range namedRules(t) {
		if !tested[rule] && rule != "unreadable" {
			t.Errorf("the rule %s has no test", rule)
		}
	}
}

func has(findings []finding.Finding, rule string) bool {
	for _, f := range findings {
		if f.Rule == rule {
			return true
		}
	}
	return false
}

var ruleInSource = regexp.MustCompile(`(?:finding\.(?:Error|Warning|Info), |severity, |surely\([a-z, ]+\), |ref, |Rule: +|\n\t\treturn |\n\treturn |severity, rule, tail = [a-z.A-Z]+, |severity, rule, tail := [a-z.A-Z]+, )"([a-z]+(?:-[a-z]+)*)"`)

// namedRules returns the names of the rules that stand in the source.
func namedRules(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, pattern := range []string{"*.go", "rules/*.go", "inventory/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal("found no source: ", err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, match := range ruleInSource.FindAllStringSubmatch(string(text), -1) {
				names[match[1]] = true
			}
		}
	}
	if len(names) < 25 {
		t.Errorf("found the rules %v only", names)
	}
	return names
}

// docs/check.md says of each rule what it means and how it is kept, and of no other.
func TestRulesAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "check.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (?:error|warning|info)[a-z, ]* \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(string(text), -1) {
		documented[match[1]] = true
	}
	named := namedRules(t)
	for rule := range named {
		if !documented[rule] {
			t.Errorf("docs/check.md has no row for %s", rule)
		}
	}
	for rule := range documented {
		if !named[rule] {
			t.Errorf("docs/check.md has a row for %s, which is no rule", rule)
		}
	}
}
