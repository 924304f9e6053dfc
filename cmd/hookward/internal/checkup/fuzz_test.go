package checkup

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/rules"
)

// lineBreak is what ends a line in YAML 1.1 (5.4), which Traefik's parser reads.
var lineBreak = regexp.MustCompile("\r\n|[\r\n\u0085\u2028\u2029]")

var endless = regexp.MustCompile(`\{\{[^}]*(range|template|block|repeat|until|seq)`)

// Oracle: whatever a file says, the check comes to an end, each finding is whole, and
// no line is named that the file does not have, but where a template has made it.
func FuzzCheck(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*", "*"))
	if err != nil || len(files) == 0 {
		f.Fatal("found no files: ", err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), strings.HasSuffix(file, ".toml"))
	}
	f.Add("\"0\r0", false)
	f.Fuzz(func(t *testing.T, text string, isTOML bool) {
		if endless.MatchString(text) {
			t.Skip("a template that repeats itself may use up its deadline, which is tested elsewhere")
		}
		name := "a.yml"
		if isTOML {
			name = "a.toml"
		}
		set := &inventory.Set{}
		set.Read(name, []byte(text))
		set.Complete()
		findings, _ := rules.Run(set, rules.Options{})
		for _, found := range findings {
			if found.File != name || found.Severity == "" || found.Rule == "" || found.Message == "" {
				t.Errorf("not a whole finding: %+v", found)
			}
			if found.Line > len(lineBreak.FindAllString(text, -1))+1 && !strings.Contains(text, "{{") {
				t.Errorf("there is no line %d: %+v", found.Line, found)
			}
		}
	})
}
