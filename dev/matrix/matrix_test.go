package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

func TestWithRow(t *testing.T) {
	page := "above\n" + begin + end + "below\n"
	all, some, none := result{passed: 26}.cell(), result{passed: 24, failed: []string{"TestA", "TestB"}}.cell(), result{impossible: true}.cell()
	for _, step := range []struct {
		r    row
		want string
	}{
		{row{"v3.6.0", "2026-01-02", []string{all, none}}, "| 3.6.0 | all 26 pass | can't be built | 2026-01-02 |\n"},
		{row{"v3.6.12", "2026-01-02", []string{some, all}},
			"| 3.6.0 | all 26 pass | can't be built | 2026-01-02 |\n| 3.6.12 | **2 fail**: TestA, TestB; 24 pass | all 26 pass | 2026-01-02 |\n"},
		{row{"v3.4.1", "2026-01-03", []string{all, some}},
			"| 3.4.1 | all 26 pass | **2 fail**: TestA, TestB; 24 pass | 2026-01-03 |\n| 3.6.0 | all 26 pass | can't be built | 2026-01-02 |\n| 3.6.12 | **2 fail**: TestA, TestB; 24 pass | all 26 pass | 2026-01-02 |\n"},
		{row{"v3.6.12", "2026-01-04", []string{all, all}},
			"| 3.4.1 | all 26 pass | **2 fail**: TestA, TestB; 24 pass | 2026-01-03 |\n| 3.6.0 | all 26 pass | can't be built | 2026-01-02 |\n| 3.6.12 | all 26 pass | all 26 pass | 2026-01-04 |\n"},
	} {
		changed, err := withRow(page, step.r)
		if err != nil {
			t.Fatal(err)
		}
		if want := "above\n" + begin + header + step.want + end + "below\n"; changed != want {
			t.Fatalf("after %s:\n%s\nwant\n%s", step.r, changed, want)
		}
		page = changed
	}
	for _, text := range []string{"", begin, end, begin + end + begin + end} {
		if _, err := withRow(text, row{}); err == nil {
			t.Errorf("%q is taken for a page with one table", text)
		}
	}
}

// A binary that says something else was built of something else.
func TestSaysVersion(t *testing.T) {
	for _, c := range []struct {
		says string
		form gateway.Form
		want bool
	}{
		{"v3.6.1", gateway.Interpreted, true},
		{"v3.6.12", gateway.Interpreted, false},
		{"v3.6.1+hookward.0.1.0", gateway.Interpreted, false},
		{"v3.6.1+hookward.0.1.0", gateway.Compiled, true},
		{"v3.6.1", gateway.Compiled, false},
		{"v3.6.12+hookward.0.1.0", gateway.Compiled, false},
	} {
		if got := saysVersion(c.says, "v3.6.1", c.form); got != c.want {
			t.Errorf("%s, %s: %t", c.says, c.form, got)
		}
	}
}

func TestRead(t *testing.T) {
	events, err := read([]byte(`{"Action":"run","Test":"TestA"}
{"Action":"output","Test":"TestA","Output":"--- FAIL: TestA\n"}
{"Action":"pass","Test":"TestA/b"}
{"Action":"fail","Test":"TestA"}
{"Action":"skip","Test":"TestB"}
{"Action":"pass","Test":"TestC"}
{"Action":"fail"}
`))
	if err != nil {
		t.Fatal(err)
	}
	for test, want := range map[string]string{"TestA": "fail", "TestA/b": "pass", "TestB": "skip", "TestC": "pass", "TestD": "", "": ""} {
		if events[test] != want {
			t.Errorf("%s: %q, want %q", test, events[test], want)
		}
	}
	if _, err := read([]byte("panic: no JSON\n")); err == nil {
		t.Error("what is no JSON is taken for a result")
	}
}

// TestCore checks that each test of the core is there.
func TestCore(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	for directory, pattern := range core {
		files, err := filepath.Glob(filepath.Join(root, "dev", directory, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		source := ""
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source += string(text)
		}
		for _, name := range strings.Split(strings.Trim(pattern, "^()$"), "|") {
			if !strings.Contains(source, "\nfunc "+name+"(t *testing.T)") {
				t.Errorf("%s has no %s", directory, name)
			}
			if !regexp.MustCompile(pattern).MatchString(name) {
				t.Errorf("the pattern of %s does not select %s", directory, name)
			}
		}
	}
}

func TestRefusesVersions(t *testing.T) {
	for _, version := range []string{"", "3.6.12", "v3.6", "latest", "v3.6.12+x", "../v3.6.12"} {
		if err := run(t.Context(), []string{"v3.6.12", version}, true); err == nil || !strings.Contains(err.Error(), "is not a version") {
			t.Errorf("%q: %v", version, err)
		}
	}
}
