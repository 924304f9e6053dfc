package checkup

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

const smallest = `http:
  middlewares:
    hooks:
      plugin:
        hookward:
          provider: github
          secrets: ["env:HOOKWARD_TEST_SECRET"]
`

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// rulesOf returns the rules of what was found, each once, but for infos.
func rulesOf(report Report) string {
	names := []string{}
	for _, f := range report.Findings {
		if f.Severity != finding.Info {
			names = append(names, f.Rule)
		}
	}
	return strings.Join(names, " ")
}

func TestEnvironment(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "a.yml"), smallest)
	if got := rulesOf(Run([]string{file}, nil, Options{})); got != "" {
		t.Errorf("without the environment: %s", got)
	}
	if got := rulesOf(Run([]string{file}, nil, Options{Environment: true})); got != "option" {
		t.Errorf("with an environment that lacks the secret: %q", got)
	}
	t.Setenv("HOOKWARD_TEST_SECRET", "a secret that is long enough for anybody")
	report := Run([]string{file}, nil, Options{Environment: true})
	if len(report.Findings) != 0 {
		t.Errorf("with the secret: %+v", report.Findings)
	}
}

// Whatever form the scheme wants its keys in, a reference is taken for one that fits.
func TestPlaceholders(t *testing.T) {
	for _, options := range []string{
		`provider: stripe, secrets: ["env:A"]`,
		`provider: svix, secrets: ["file:/run/a"]`,
		`provider: standard-webhooks, secrets: ["env:A"]`,
		`provider: discord, publicKeys: ["env:A"]`,
		`provider: sendgrid, publicKeys: ["env:A"]`,
		`provider: meta, secrets: ["env:A"], verifyToken: "env:B"`,
		`secrets: ["env:A"], token: {basic: true}`,
		`secrets: ["env:A"], token: {bearer: true}`,
		`secrets: ["env:A"], signature: {header: X, secretEncoding: hex}`,
		`secrets: ["env:A"], signature: {header: X, secretEncoding: base64}`,
		`publicKeys: ["env:A"], signature: {header: X, algorithm: rsa-sha256}`,
		`publicKeys: ["env:A"], signature: {header: X, algorithm: ecdsa-sha256}`,
		`provider: github, secrets: ["env:A"], rateLimit: {}, redis: {password: "env:P", tls: {ca: /ca, cert: /cert, key: "env:K"}}`,
		`provider: github, secrets: ["env:A"], audit: {outputs: [{type: file, path: /a, chainKey: "env:C"}, {type: splunk, url: "https://a", token: "env:T"}]}`,
	} {
		text := "http: {middlewares: {hooks: {plugin: {hookward: {" + options + "}}}}}\n"
		file := write(t, filepath.Join(t.TempDir(), "a.yml"), text)
		report := Run([]string{file}, nil, Options{})
		if got := rulesOf(report); got != "" {
			t.Errorf("%s: %+v", options, report.Findings)
		}
		if len(report.Findings) < strings.Count(options, "env:") {
			t.Errorf("%s: not all references are listed: %+v", options, report.Findings)
		}
	}
}

func TestDirectory(t *testing.T) {
	directory := t.TempDir()
	write(t, filepath.Join(directory, "a.yml"), smallest)
	write(t, filepath.Join(directory, "below", "b.YAML"), strings.ReplaceAll(smallest, "hooks:", "others:"))
	write(t, filepath.Join(directory, "c.txt"), "provider: [")
	write(t, filepath.Join(directory, "d.yml~"), "provider: [")
	// As Kubernetes mounts what it has: the files are links into a hidden directory.
	write(t, filepath.Join(directory, "..data", "e.yml"), strings.ReplaceAll(smallest, "hooks:", "third:"))
	if err := os.Symlink(filepath.Join("..data", "e.yml"), filepath.Join(directory, "e.yml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(directory, "nowhere"), filepath.Join(directory, "f.yml")); err != nil {
		t.Fatal(err)
	}
	report := Run([]string{directory, filepath.Join(directory, "a.yml")}, nil, Options{})
	if report.Sections != 3 || report.Files != 3 || rulesOf(report) != "unreadable" {
		t.Errorf("found %+v", report)
	}
}

func TestUnreadable(t *testing.T) {
	directory := t.TempDir()
	large := write(t, filepath.Join(directory, "large.yml"), strings.Repeat("# ........\n", maxFileBytes/10))
	bomb := write(t, filepath.Join(directory, "bomb.yml"), "a: &a [x,x,x,x,x,x,x,x,x]\n"+
		"b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"+
		"e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n")
	self := write(t, filepath.Join(directory, "self.yml"), "a: &a\n  b: *a\n")
	flood := write(t, filepath.Join(directory, "flood.yml"), "http: {}\n# {{ range until 10000 }}"+strings.Repeat("x", 1000)+"{{ end }}\n")
	turns := write(t, filepath.Join(directory, "turns.yml"), "http: {}\n# {{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}\n")
	for file, want := range map[string]string{
		large: "it has more than", bomb: "excessive aliasing", self: "contains itself", flood: "more than is read", turns: "more turns than",
		filepath.Join(directory, "missing.yml"): "no such file",
	} {
		report := Run([]string{file}, nil, Options{})
		if len(report.Findings) != 1 || report.Findings[0].Severity != finding.Error || !strings.Contains(report.Findings[0].Message, want) || report.Read != 0 {
			t.Errorf("%s: %+v", filepath.Base(file), report)
		}
	}
}

func TestStdin(t *testing.T) {
	report := Run([]string{"-"}, strings.NewReader(strings.Replace(smallest, "provider", "provder", 1)), Options{})
	if len(report.Findings) == 0 || report.Findings[0].File != "-" || report.Findings[0].Line != 6 {
		t.Errorf("found %+v", report.Findings)
	}
}

// No text that stands for a secret is ever shown, be it good or not.
func TestSecretsAreNotShown(t *testing.T) {
	for _, options := range []string{
		`provider: github, secrets: ["hush"]`,
		`provider: github, secrets: [{text: hush}]`,
		`provider: svix, secrets: ["hush-that-is-no-base64"]`,
		`provider: githb, secrets: ["hush", "hush"], verifyToken: [hush]`,
		`provider: github, secrets: ["env:A"], redis: {password: hush}, audit: {outputs: [{type: splunk, token: hush, url: "https://a"}]}`,
	} {
		text := "http: {middlewares: {a: {plugin: {hookward: {" + options + "}}}, b: {plugin: {hookward: {" + options + "}}}}}\n"
		file := write(t, filepath.Join(t.TempDir(), "a.yml"), text)
		report := Run([]string{file}, nil, Options{})
		shown, err := json.Marshal(report)
		if err != nil || strings.Contains(string(shown), "hush") {
			t.Errorf("%v %s", err, shown)
		}
		if len(report.Findings) == 0 {
			t.Errorf("nothing is said of %s", options)
		}
	}
}

func TestPlugin(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "a.yml"), strings.Replace(smallest, "hookward:", "gate:", 1))
	if report := Run([]string{file}, nil, Options{}); report.Sections != 0 {
		t.Errorf("found %+v", report)
	}
	if report := Run([]string{file}, nil, Options{Plugin: "gate"}); report.Sections != 1 {
		t.Errorf("found %+v", report)
	}
}

// Whatever the library calls it, a tab at a line's beginning is told as one, and where.
func TestTabs(t *testing.T) {
	for text, want := range map[string]int{
		"http:\n\trouters: {}\n":                                        2,
		"http:\n  routers:\n  \ta: {rule: x}\n":                         3,
		"http:\n  routers:\n    a:\n\t    rule: x\n":                    4,
		"http:\n  routers:\n    a:\n      rule: x\n\t\tb: c\n":          5,
		"http:\n  routers: [\n":                                         0,
		"http:\n  a: |\n    x\n    \tb\n  c: d\n  e: f\n  routers: [\n": 0,
	} {
		file := write(t, filepath.Join(t.TempDir(), "a.yml"), text)
		found := Run([]string{file}, nil, Options{}).Findings
		if len(found) == 0 || found[0].Rule != "syntax" {
			t.Errorf("%q: %+v", text, found)
			continue
		}
		saysTab := strings.Contains(found[0].Message, "has a tab")
		if saysTab != (want > 0) || saysTab && found[0].Line != want {
			t.Errorf("%q: line %d: %s", text, found[0].Line, found[0].Message)
		}
	}
}

// A template may take longer than anybody waits, and write nothing meanwhile. The rest
// is checked all the same.
func TestDeadline(t *testing.T) {
	const child = "CHECKUP_TEST_CHILD"
	if os.Getenv(child) == "" { // what goes on after its time ends with a process of its own
		command := exec.Command(os.Args[0], "-test.run=^TestDeadline$")
		command.Env = append(os.Environ(), child+"=1")
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	deadline = 2 * time.Second
	directory := t.TempDir()
	doubling := `{{ define "t0" }}{{ end }}`
	for i := 1; i < 50; i++ {
		doubling += fmt.Sprintf(`{{ define "t%d" }}{{ template "t%d" }}{{ template "t%d" }}{{ end }}`, i, i-1, i-1)
	}
	write(t, filepath.Join(directory, "doubling.yml"), doubling+`{{ template "t49" }}`+smallest)
	write(t, filepath.Join(directory, "loops.toml"), "{{ $l := until 1000 }}{{ range $l }}{{ range $l }}{{ range $l }}{{ end }}{{ end }}{{ end }}\n[http]\n")
	write(t, filepath.Join(directory, "good.yml"), smallest)
	report := Run([]string{directory}, nil, Options{})
	if report.Unread != 2 || report.Sections != 1 || rulesOf(report) != "unreadable unreadable" || !strings.Contains(report.Findings[0].Message, "longer than 2s") {
		t.Errorf("%+v", report)
	}
}
