package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/hookward/hookward/dev/testkit"
)

// prometheus is a running Prometheus, which forgets everything when it ends.
type prometheus struct {
	url  string
	said bytes.Buffer
}

// startPrometheus scrapes a target every second, with a token, and evaluates rules.
func startPrometheus(t *testing.T, target, token, rules string) *prometheus {
	t.Helper()
	directory := t.TempDir()
	configuration := fmt.Sprintf(`global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: hookward
    authorization: {credentials: %q}
    static_configs: [{targets: [%q]}]
`, rules, token, target)
	if err := os.WriteFile(filepath.Join(directory, "prometheus.yml"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	address := testkit.Addresses(t, 1)[0]
	p := &prometheus{url: "http://" + address}
	command := exec.Command("prometheus", "--config.file", filepath.Join(directory, "prometheus.yml"),
		"--storage.tsdb.path", filepath.Join(directory, "data"), "--web.listen-address", address, "--log.level", "warn")
	command.Stderr = &p.said
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal("make tools installs prometheus: ", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("prometheus says:\n%s", p.said.String())
		}
	})
	eventually(t, "prometheus is ready", func() bool {
		response, err := http.Get(p.url + "/-/ready")
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	})
	return p
}

// get reads an answer of its API.
func (p *prometheus) get(t *testing.T, path string, data any) {
	t.Helper()
	response, err := http.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer := struct {
		Status, Error string
		Data          json.RawMessage
	}{}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s: %v %s %s", path, err, answer.Error, body)
	}
	if err := json.Unmarshal(answer.Data, data); err != nil {
		t.Fatal(err)
	}
}

// query returns the values of an expression that are numbers.
func (p *prometheus) query(t *testing.T, expression string) []float64 {
	t.Helper()
	data := struct {
		Result []struct{ Value [2]any }
	}{}
	p.get(t, "/api/v1/query?query="+url.QueryEscape(expression), &data)
	values := []float64{}
	for _, r := range data.Result {
		value, err := strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		if !math.IsNaN(value) {
			values = append(values, value)
		}
	}
	return values
}

// number waits for a single number.
func (p *prometheus) number(t *testing.T, expression string, want float64) {
	t.Helper()
	var got []float64
	eventually(t, fmt.Sprintf("%s is %v", expression, want), func() bool {
		got = p.query(t, expression)
		return len(got) == 1 && got[0] == want
	})
}

// promtool runs promtool, and returns what it says.
func promtool(t *testing.T, input string, arguments ...string) (string, error) {
	t.Helper()
	command := exec.Command("promtool", arguments...)
	command.Stdin = strings.NewReader(input)
	out, err := command.CombinedOutput()
	return string(out), err
}
