package sources

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what all sources of a case agree on into its want section; to be read before it is committed")

// secretMark begins every secret of the cases that is not a reference. No
// problem may contain it.
const secretMark = "hush"

// omission is a line of a case's comment that leaves a source out.
var omission = regexp.MustCompile(`(?m)^no (\w+): \S.*$`)

// Each file of testdata is one configuration, written in every source in which
// it can be written, and has one outcome: options, or problems.
func TestCases(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	// So that no case is lost unnoticed, with the glob above all.
	if len(files) < 105 {
		t.Errorf("testdata holds %d cases, want at least 105", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			testCase(t, archive)
			if *update && !t.Failed() {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func testCase(t *testing.T, archive *txtar.Archive) {
	sections := readSections(t, archive)
	first, firstOptions := "", config.Options{}
	for _, source := range All {
		text, written := sections[source.Name]
		if !written {
			continue
		}
		options, problems, err := source.Decode(string(text.Data))
		if err != nil {
			t.Errorf("%s: Traefik refuses it: %v", source.Name, err)
			continue
		}
		for _, p := range problems {
			if strings.Contains(p, secretMark) {
				t.Errorf("%s: a problem gives a secret away: %s", source.Name, p)
			}
		}
		got := outcome(options, problems)
		if *update && first == "" {
			sections["want"].Data = []byte(got)
		}
		if want := string(sections["want"].Data); got != want {
			t.Errorf("%s: got\n%swant\n%s", source.Name, got, want)
		}
		if first == "" {
			first, firstOptions = source.Name, options
		}
		// The rendering leaves nothing out that Options hold; should that ever
		// change, the sources still have to agree to the last field.
		if len(problems) == 0 && !reflect.DeepEqual(options, firstOptions) {
			t.Errorf("%s: %+v differs from %s: %+v", source.Name, options, first, firstOptions)
		}
	}
	if first == "" {
		t.Error("no source is written")
	}
}

// readSections returns a case's sections by name, once they are complete: a
// source may be missing only where the comment says why.
func readSections(t *testing.T, archive *txtar.Archive) map[string]*txtar.File {
	sections := map[string]*txtar.File{}
	for i := range archive.Files {
		sections[archive.Files[i].Name] = &archive.Files[i]
	}
	omitted := map[string]bool{}
	for _, match := range omission.FindAllStringSubmatch(string(archive.Comment), -1) {
		omitted[match[1]] = true
	}
	known := map[string]bool{"want": true}
	for _, source := range All {
		known[source.Name] = true
		if (sections[source.Name] != nil) == omitted[source.Name] {
			t.Errorf("%s must either be written or be left out for a reason, in a line of the comment: no %[1]s: REASON", source.Name)
		}
	}
	for name := range sections {
		if !known[name] {
			t.Errorf("there is no section %q", name)
		}
	}
	if len(sections) != len(archive.Files) {
		t.Error("a section stands there twice")
	}
	if strings.TrimSpace(omission.ReplaceAllString(string(archive.Comment), "")) == "" {
		t.Error("the comment does not say what the case is about")
	}
	if sections["want"] == nil {
		t.Fatal("there is no section want")
	}
	return sections
}
