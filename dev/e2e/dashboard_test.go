package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/verdict"
)

// dashboard is what is checked of examples/metrics/dashboard.json.
type dashboard struct {
	UID    string
	Inputs []struct{ Name, PluginID string } `json:"__inputs"`
	Panels []struct {
		ID          int
		Type, Title string
		FieldConfig struct {
			Defaults struct{ Unit string }
		}
		Targets []struct{ Expr string }
	}
}

// rule is what Prometheus says of an alert.
type rule struct {
	Name, Query, Health, LastError, State string
}

// selector is a metric of ours with its labels.
var selector = regexp.MustCompile(`hookward_\w+(\{[^}]*\})?`)

// ungated are the metrics that are no gate's.
var ungated = regexp.MustCompile(`^hookward_(dependency|audit|body_memory|build_info|start_time|metrics)`)

// Every expression of the dashboard, and all that an alert is about, has data in a real
// Prometheus that has scraped the real Traefik for a while.
func TestDashboardAndAlerts(t *testing.T) {
	unsteadily(t) // gates are used from several goroutines
	examples := filepath.Join(root(t), "examples", "metrics")
	d := readDashboard(t, filepath.Join(examples, "dashboard.json"))
	s := startScraped(t, answerAs, metered(t, stores.Redis(t).Address), "OLD=the secret of last year")
	p := startPrometheus(t, strings.TrimPrefix(s.URL, "http://"), scrapeToken, filepath.Join(examples, "rules.yml"))
	p.number(t, `up{job="hookward"}`, 1)
	p.isFedFromTheStart(t)
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for range 10_000 {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				s.use(t)
			}
		}
	}()
	defer func() {
		close(stop)
		<-done
	}()
	variables := strings.NewReplacer("$gate", ".*", "$__rate_interval", "1m")
	asked := 0
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			asked++
			expression := variables.Replace(target.Expr)
			eventually(t, panel.Title+" shows something: "+expression, func() bool { return len(p.query(t, expression)) > 0 })
		}
	}
	rules := struct{ Groups []struct{ Rules []rule } }{}
	eventually(t, "the rules are evaluated", func() bool {
		p.get(t, "/api/v1/rules", &rules)
		return !slices.ContainsFunc(rules.Groups[0].Rules, func(r rule) bool { return r.Health == "unknown" })
	})
	for _, r := range rules.Groups[0].Rules {
		if r.Health != "ok" {
			t.Errorf("%s: %s %s", r.Name, r.Health, r.LastError)
		}
	}
	if asked < 30 || len(rules.Groups[0].Rules) < 10 {
		t.Errorf("%d expressions and %d alerts", asked, len(rules.Groups[0].Rules))
	}
	// What a mistake does is seen within a minute or so; what is well stays silent.
	eventually(t, "the broken gate is told of", func() bool {
		p.get(t, "/api/v1/rules", &rules)
		return slices.ContainsFunc(rules.Groups[0].Rules, func(r rule) bool { return r.Name == "HookwardGateMisconfigured" && r.State != "inactive" })
	})
	for _, r := range rules.Groups[0].Rules {
		if slices.Contains([]string{"HookwardAbsent", "HookwardAuditLost", "HookwardSeriesDropped", "HookwardReplayEvicting", "HookwardListStale", "HookwardDependencyDown"}, r.Name) && r.State != "inactive" {
			t.Errorf("%s is %s", r.Name, r.State)
		}
	}
}

// isFedFromTheStart checks that all that alerts ask for is there before anything has
// happened: Prometheus sees no increase in a series that begins with 1.
func (p *prometheus) isFedFromTheStart(t *testing.T) {
	t.Helper()
	rules := struct{ Groups []struct{ Rules []rule } }{}
	p.get(t, "/api/v1/rules", &rules)
	for _, r := range rules.Groups[0].Rules {
		for _, metric := range selector.FindAllString(r.Query, -1) {
			if len(p.query(t, metric)) == 0 {
				t.Errorf("%s: there is no %s", r.Name, metric)
			}
		}
	}
}

// Whatever a gate is called, Prometheus reads it.
func TestNamesOfGates(t *testing.T) {
	f := &exposition.Family{Name: "hookward_requests_total", Help: "With \\ and\nlines.", Type: exposition.Counter}
	for _, name := range []string{`a"b`, `a\b`, "a\nb", "ä@file", "\xff@file", "{}", "a,b=\"c\"", ""} {
		f.Series = append(f.Series, &exposition.Series{Labels: []string{"gate", name}, Value: 1<<53 + 1})
	}
	out, err := promtool(t, string(exposition.Text([]*exposition.Family{f}, false)), "check", "metrics")
	if err != nil || out != "" {
		t.Errorf("%v %s", err, out)
	}
}

func readDashboard(t *testing.T, path string) *dashboard {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &dashboard{}
	if err := json.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, panel := range d.Panels {
		if ids[panel.ID] || panel.Title == "" || panel.Type != "row" && (len(panel.Targets) == 0 || panel.FieldConfig.Defaults.Unit == "") {
			t.Errorf("panel %d %q has no id of its own, no title, no unit or no expression", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			for _, metric := range selector.FindAllString(target.Expr, -1) {
				if !ungated.MatchString(metric) && !strings.Contains(metric, `{gate=~"$gate"`) {
					t.Errorf("%s does not heed the choice of gates: %s", panel.Title, metric)
				}
			}
		}
	}
	if d.UID == "" || len(d.UID) > 40 || len(d.Inputs) != 1 || d.Inputs[0].PluginID != "prometheus" {
		t.Errorf("it can't be imported: %q %v", d.UID, d.Inputs)
	}
	return d
}

// Each alert has a case that fires and one that does not, and Kubernetes gets the same.
func TestAlertRules(t *testing.T) {
	examples := filepath.Join(root(t), "examples", "metrics")
	for _, arguments := range [][]string{{"check", "rules", "rules.yml"}, {"test", "rules", "rules_test.yml"}, {"check", "config", "--syntax-only", "prometheus.yml"}} {
		t.Chdir(examples)
		out, err := promtool(t, "", arguments...)
		if err != nil {
			t.Errorf("promtool %q: %v\n%s", arguments, err, out)
		}
	}
	rules, tests, object := read(t, examples, "rules.yml"), read(t, examples, "rules_test.yml"), read(t, examples, "prometheusrule.yaml")
	page := read(t, filepath.Join(root(t), "docs"), "metrics.md")
	for _, alert := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(rules, -1) {
		if !strings.Contains(tests, "alertname: "+alert[1]+"\n        exp_alerts:\n          - ") {
			t.Errorf("no case in which %s fires", alert[1])
		}
		if !strings.Contains(page, "\n### "+alert[1]+"\n") {
			t.Errorf("docs/metrics.md does not say what to do about %s", alert[1])
		}
		if !strings.Contains(tests, "alertname: "+alert[1]+"\n        exp_alerts: []") && !strings.Contains(tests, `="good"`) {
			t.Errorf("no case in which %s is silent", alert[1])
		}
	}
	// No check whose callers could not say who they are is left out of HookwardVerificationFailing.
	const proof = "certificate|signature|token|timestamp"
	for reason, status := range verdict.Statuses {
		if check := verdict.Check(reason); status == http.StatusUnauthorized && !strings.Contains("|"+proof+"|", "|"+check+"|") {
			t.Errorf("%s is of the check %s, which is not among %s", reason, check, proof)
		}
	}
	if strings.Count(rules, `decision="refuse", check=~"`+proof+`"`) != 2 {
		t.Errorf("HookwardVerificationFailing has other checks than %s", proof)
	}
	_, groups, _ := strings.Cut(rules, "groups:\n")
	_, kubernetes, _ := strings.Cut(object, "  groups:\n")
	lines := strings.Split(groups, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "  " + line
		}
	}
	if strings.Join(lines, "\n") != kubernetes {
		t.Error("prometheusrule.yaml has other groups than rules.yml")
	}
}

func read(t *testing.T, directory, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func root(t *testing.T) string {
	t.Helper()
	directory, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	return directory
}
