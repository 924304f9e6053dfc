package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/hookward/hookward/dev/inline/testdata/src"
)

var texts = []string{"1 2 3", "", "a stop b", "xa 1", "1 -", "- - - -", "7", "--", "stop", "12 x", " "}

// The generated loop does the same as the one that people write, also under Yaegi, and
// is what the generator makes of it now.
func TestGeneratedLoop(t *testing.T) {
	directory := filepath.Join("testdata", "src")
	if err := run(directory, true); err != nil {
		t.Error(err)
	}
	want, got := src.Run(texts)
	if !reflect.DeepEqual(got, want) || want[2] != "[stop at 1] 0" {
		t.Errorf("compiled: %q, want %q", got, want)
	}
	program := ""
	for i, name := range []string{"work.go", output} {
		text, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 { // its imports are among those of the other one
			_, after, _ := strings.Cut(string(text), "\n)\n")
			text = []byte(after)
		}
		program += string(text)
	}
	i := interp.New(interp.Options{})
	if err := i.Use(stdlib.Symbols); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Eval(program); err != nil {
		t.Fatal(err)
	}
	symbol, err := i.Eval("src.Run")
	if err != nil {
		t.Fatal(err)
	}
	results := symbol.Call([]reflect.Value{reflect.ValueOf(texts)})
	for k, way := range []string{"written", "generated"} {
		if got := results[k].Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("interpreted, %s: %q, want %q", way, got, want)
		}
	}
}

// What would go wrong in a loop is refused.
func TestRefused(t *testing.T) {
	for body, want := range map[string]string{
		"a, b := len(s), 1\n_ = a + b": "several variables at once",
		"v, ok := m[s]\n_ = ok\n_ = v": "uses it",
		"defer f()":                    "can't be inlined",
		"go f()":                       "can't be inlined",
		"g := func() {}\ng()":          "can't be inlined",
		"here:\nfor {\nbreak here\n}":  "can't be inlined",
		"const c = 1\n_ = c":           "declares more than one variable",
		"var a, b int\n_ = a + b":      "declares more than one variable",
		"c()":                          "means another c than the loop has",
		"check(s)":                     "calls itself",
		"_ = two(s)\nif s == \"\" {\nreturn\n}\nundefined(s)":      "undefined",
		"n := 1\nn += result(s)\n_ = n":                            "adds to what it has",
		"p := &s\n_ = p":                                           "one for all turns",
		"var b struct{ n [2]int }\n_ = &b.n[1]":                    "one for all turns",
		"var a [2]byte\n_ = a[:]":                                  "one for all turns",
		"result(s)":                                                "a result that nobody takes",
		"switch any(s).(type) {\ncase string:\nf()\ndefault:\n\n}": "can't be inlined",
	} {
		directory := t.TempDir()
		source := "package p\n\nvar m = map[string]int{}\n\nfunc f() {}\n\nfunc c() {}\n\nfunc two(s string) int { return len(s) }\n\n" +
			"//inline:hot\nfunc result(s string) int { return len(s) }\n\n" +
			"//inline:loop\nfunc loop(c chan string) {\n\tvar s string\n\tfor {\n\t\ts = <-c\n\t\tcheck(s)\n\t}\n}\n\n" +
			"//inline:hot\nfunc check(s string) {\n" + body + "\n}\n"
		for name, text := range map[string]string{"go.mod": "module example.com/p\n\ngo 1.20\n", "p.go": source} {
			if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		text, err := Generate(directory)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v, want %q\n%s", body, err, want, text)
		}
	}
}

// A hot function of another package keeps its meaning where its body is written.
func TestOtherPackage(t *testing.T) {
	const loop = "package p\n\nimport \"example.com/p/q\"\n\n//inline:loop\nfunc loop(c chan *q.Box) {\n\tvar n int\n\tfor n < 9 {\n\t\tn = q.Add(<-c, 2)\n\t}\n}\n"
	const box = "package q\n\nconst most = 7\n\nvar Seen, seen int\n\ntype Box struct{ Sum, sum int }\n\nfunc Rest(n int) int { return n - most }\n\n" +
		"//inline:hot\nfunc Add(b *Box, n int) int {\n\tSeen++\n\tb.Sum += n\n\tif b.Sum > most {\n\t\treturn Rest(b.Sum)\n\t}\n\treturn 0\n}\n"
	generate := func(change, to string) (string, error) {
		directory := t.TempDir()
		if err := os.Mkdir(filepath.Join(directory, "q"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"go.mod": "module example.com/p\n\ngo 1.20\n", "p.go": loop, "q/q.go": strings.ReplaceAll(box, change, to)} {
			if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		text, err := Generate(directory)
		return string(text), err
	}
	text, err := generate("", "")
	for _, want := range []string{"from p.go, q/q.go.", "var qAddB *q.Box", "qAddB = <-c", "q.Seen++", "qAddB.Sum += qAddN", "if qAddB.Sum > 7 {", "n = q.Rest(qAddB.Sum)", "goto qAddEnd1"} {
		if err != nil || !strings.Contains(text, want) {
			t.Fatalf("%v, want %q in\n%s", err, want, text)
		}
	}
	for _, c := range [][2]string{{"Seen++", "seen++"}, {"b.Sum +=", "b.sum +="}, {"Rest(", "rest("}} {
		if text, err := generate(c[0], c[1]); err == nil || !strings.Contains(err.Error(), "which is not exported") {
			t.Errorf("%s: %v\n%s", c[1], err, text)
		}
	}
}
