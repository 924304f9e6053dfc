package checkup

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/rules"
)

var (
	putRouter     = regexp.MustCompile(`Put a router between them: rule: (.*), priority: (\d+), service: noop@internal(?: \(of kind TraefikService\))?(?:, entryPoints: \[([^\]]*)\])?(, tls: \{\})?`)
	givePriority  = regexp.MustCompile(`(?:[Gg]ive|or) "((?:[^"\\]|\\.)*)" the priority (\d+)`)
	giveGate      = regexp.MustCompile(`[Gg]ive (?:it|this router|the router) the gate`)
	whatWasMeant  = regexp.MustCompile(`, did you mean "?([^ "?]+)"?\?`)
	withoutGuards = regexp.MustCompile(`^(?:unguarded-route|no-deny-router|overtaken)$`)
)

// isThere says whether a finding is at the same place of a set, whatever its cure is.
func isThere(set *inventory.Set, f finding.Finding) bool {
	found, _ := rules.Run(set, rules.Options{})
	what := func(f finding.Finding) string {
		text, _, _ := strings.Cut(f.Message, ". ")
		text, _, _ = strings.Cut(text, ", and comes before")
		return text
	}
	for _, other := range found {
		if other.Rule == f.Rule && what(other) == what(f) && other.File == f.File && other.Line == f.Line && other.Path == f.Path {
			return true
		}
	}
	return false
}

// overtakenIn returns how many routers are overtaken.
func overtakenIn(set *inventory.Set) int {
	n := 0
	found, _ := rules.Run(set, rules.Options{})
	for _, other := range found {
		if other.Rule == "overtaken" {
			n++
		}
	}
	return n
}

// cureRoutes does what a finding about routers says, in all the ways that it says, and
// returns how many these are.
func cureRoutes(t *testing.T, files []string, f finding.Finding) int {
	t.Helper()
	fresh := func() *inventory.Set { set, _ := gather(files, nil, false); return set }
	prioritize := func(set *inventory.Set, message string) bool {
		match := givePriority.FindStringSubmatch(message)
		if match == nil {
			return false
		}
		name, err := strconv.Unquote(`"` + match[1] + `"`)
		if err != nil {
			t.Fatal(err)
		}
		given := false
		for _, r := range set.Routers {
			if r.Name == name {
				r.Priority, err = strconv.Atoi(match[2])
				given = err == nil
			}
		}
		if !given {
			t.Errorf("there is no router %q: %s", name, message)
		}
		return true
	}
	cures := 0
	cured := func(set *inventory.Set) {
		cures++
		if isThere(set, f) {
			t.Errorf("the cure does not help: %s:%d: %s: %s", f.File, f.Line, f.Path, f.Message)
		}
	}
	if match := putRouter.FindStringSubmatch(f.Message); match != nil {
		set := fresh()
		priority, _ := strconv.Atoi(match[2])
		r := &inventory.Router{Name: "the-cure", Provider: "file", Rule: match[1], Priority: priority, Service: "noop@internal", TLS: match[4] != "", Node: set.Routers[0].Node, File: "cure"}
		if match[3] != "" {
			r.EntryPoints = strings.Split(match[3], ", ")
		}
		set.Routers = append(set.Routers, r)
		prioritize(set, f.Message)
		cured(set)
		if overtakenIn(set) > overtakenIn(fresh()) {
			t.Errorf("the cure does harm: %s:%d: %s: %s", f.File, f.Line, f.Path, f.Message)
		}
	} else if set := fresh(); prioritize(set, f.Message) {
		cured(set)
	}
	if giveGate.MatchString(f.Message) {
		set := fresh()
		for _, r := range set.Routers {
			if strings.HasPrefix(f.Path, r.Path) && r.File == f.File {
				for _, g := range set.Middlewares {
					if g.Plugin() != nil {
						r.Middlewares = append(r.Middlewares, inventory.Reference{Key: g.Key, Text: g.Name, Node: r.Node})
						break
					}
				}
			}
		}
		cured(set)
	}
	return cures
}

// Whatever cure the findings of the traps name can be followed to the letter, and makes
// the finding go away.
func TestCures(t *testing.T) {
	traps, err := filepath.Glob(filepath.Join("testdata", "*", "trap"))
	if err != nil {
		t.Fatal(err)
	}
	routes, names := 0, 0
	for _, trap := range traps {
		set, _ := gather([]string{trap}, nil, false)
		found, _ := rules.Run(set, rules.Options{})
		for _, f := range found {
			if withoutGuards.MatchString(f.Rule) {
				n := cureRoutes(t, []string{trap}, f)
				routes += n
				if n == 0 && !strings.Contains(f.Message, "no delivery passes") {
					t.Errorf("there is no cure: %+v", f)
				}
			}
			if match := whatWasMeant.FindStringSubmatch(f.Message); match != nil {
				names++
				cureName(t, trap, f, match[1])
			}
		}
	}
	if routes < 12 || names < 12 {
		t.Errorf("only %d routers and %d names were mended", routes, names)
	}
}

// cureName writes the name that was meant in the place of the one that a message is about.
func cureName(t *testing.T, trap string, f finding.Finding, meant string) {
	t.Helper()
	directory := t.TempDir()
	if err := os.CopyFS(directory, os.DirFS(trap)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(directory, strings.TrimPrefix(f.File, trap))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wrong := f.Path[strings.LastIndexAny(f.Path, ".]")+1:]
	if match := regexp.MustCompile(`no provider is called "([^"]+)"`).FindStringSubmatch(f.Message); match != nil {
		wrong = match[1]
	} else if match := regexp.MustCompile(`(?:names|has|as) "?([^ ",]+)"?,? (?:which|in it)`).FindStringSubmatch(f.Message); match != nil {
		wrong = match[1]
	} else if match := regexp.MustCompile(`^"([^"]+)" is`).FindStringSubmatch(f.Message); match != nil {
		wrong = match[1]
	}
	lines := strings.Split(string(text), "\n")
	mended := false
	for i := f.Line - 1; i < len(lines) && !mended; i++ { // the value may stand below its key
		head := ""
		if i == f.Line-1 && f.Column > 0 {
			head = lines[i][:f.Column-1]
		}
		rest := strings.TrimPrefix(lines[i], head)
		mended = strings.Contains(rest, wrong)
		lines[i] = head + strings.Replace(rest, wrong, meant, 1)
	}
	if !mended {
		if !strings.Contains(string(text), "{{") { // which may have made it
			t.Errorf("%q does not stand in the file: %+v", wrong, f)
		}
		return
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	set, _ := gather([]string{directory}, nil, false)
	found, _ := rules.Run(set, rules.Options{})
	for _, other := range found {
		if other.File == file && other.Line == f.Line && other.Message == f.Message {
			t.Errorf("%q in the place of %q does not help: %+v", meant, wrong, f)
		}
	}
}

// The same of many pairs of routers.
func TestCuresOfRoutes(t *testing.T) {
	guarded := []string{
		"Host(`h`) && Path(`/gh`)", "Host(`h`) && (Path(`/gh`) || Path(`/gl`))", "Host(`h`) && Path(`/v1.0/(x)+$`)", "Path(`/gh`)", "PathPrefix(`/gh/`)", "Host(`h`) || Host(`i`)",
		"Host(`{{ env `D` }}`) && Path(`/gh`)", "Host(`h`) && PathRegexp(`^/gh/[a-z]+$`)", "Header(`X`, `1`)", "Host(`h`) && !Path(`/x`)", "PathPrefix(`/`)", "Host(`h`) && Method(`POST`) && Path(`/gh`)", "HostRegexp(`^h.+$`) && Path(`/`)",
	}
	others := []string{"Host(`h`)", "PathPrefix(`/`)", "HostRegexp(`.+`)", "Host(`h`) || Host(`www`)", "Host(`www`) && PathPrefix(`/`)", "Path(`/gh`)", "Host(`h`) && Path(`/gh`)", "Method(`POST`)", "Host(`www`) && (Path(`/gh`) || Path(`/pages`))", "Header(`X`, `1`)", "Host(`{{ env `D` }}`)"}
	cures, findings := 0, 0
	for _, g := range guarded {
		for _, r := range others {
			for _, priorities := range []string{"0 0", "20 19", "20 18", "5 100"} {
				for _, rest := range []string{"service: ci", "service: shop, tls: {}"} {
					p, q, _ := strings.Cut(priorities, " ")
					file := write(t, filepath.Join(t.TempDir(), "a.yml"), fmt.Sprintf(`http:
  routers:
    g: {rule: %q, priority: %s, middlewares: [m], service: ci}
    r: {rule: %q, priority: %s, %s}
  middlewares: {m: {plugin: {hookward: {provider: github, secrets: ["env:S"]}}}}
  services: {ci: {loadBalancer: {servers: [{url: "http://ci"}]}}, shop: {loadBalancer: {servers: [{url: "http://shop"}]}}}
`, g, p, r, q, rest))
					set, _ := gather([]string{file}, nil, false)
					found, _ := rules.Run(set, rules.Options{})
					for _, f := range found {
						if withoutGuards.MatchString(f.Rule) {
							findings++
							cures += cureRoutes(t, []string{file}, f)
						}
					}
					if t.Failed() {
						text, _ := os.ReadFile(file)
						t.Fatalf("of\n%s", text)
					}
				}
			}
		}
	}
	if findings < 400 || cures < findings {
		t.Errorf("%d cures for %d findings", cures, findings)
	}
	t.Logf("%d cures for %d findings", cures, findings)
}
