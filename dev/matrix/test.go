package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hookward/hookward/dev/gateway"
)

// core are the tests of each package that depend on Traefik: loading and
// reloading, the ways in which options come, bodies, headers and backends, and
// that a mistake opens nothing. What the plugin does by itself is tested with
// the pinned version alone.
var core = map[string]string{
	"./e2e": "^(TestVerify|TestMistakes|TestLabels|TestReload|TestReloadInFlight|TestBodies|TestHeaders|TestBackends|TestPanic|" +
		"TestConcurrency|TestAltered|TestSchemes|TestSecretFiles|TestSecretList|TestObserveOnly|TestLimits|TestClientBehindAProxy|TestRateLimitOverReloads|TestReplays|TestDrain|TestCatalogue|TestSourceBesideCompiled)$",
	"./examples": "^(TestFile|TestFileMisspelt|TestFileWithoutPlugin|TestCompose|TestComposeWithout|TestKubernetes|TestKubernetesWithoutSecrets)$",
}

// result is what came of a version in one form.
type result struct {
	impossible bool // there is no such binary
	passed     int
	failed     []string
}

// test runs the core in a Traefik that was built for a form.
func test(ctx context.Context, root string, form gateway.Form, binary string) (result, error) {
	r := result{}
	for _, name := range []string{"./e2e", "./examples"} {
		cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count", "1", "-run", core[name], name)
		cmd.Dir = filepath.Join(root, "dev")
		cmd.Env = append(os.Environ(), gateway.BinaryVariable+"="+binary, gateway.FormVariable+"="+string(form))
		var messages bytes.Buffer
		cmd.Stderr = &messages
		out, err := cmd.Output()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			return r, err
		}
		events, failure := read(out)
		if failure != nil {
			return r, fmt.Errorf("%s: %w: %s%s", name, failure, messages.String(), out)
		}
		log := binary + "-" + strings.TrimPrefix(name, "./") + ".log"
		if failure := os.WriteFile(log, out, 0o644); failure != nil {
			return r, failure
		}
		wanted := strings.Split(strings.Trim(core[name], "^()$"), "|")
		for _, test := range wanted {
			switch events[test] {
			case "pass":
				r.passed++
			case "":
				// A test that has another name by now would be missed by nobody.
				r.failed = append(r.failed, test+" (did not run)")
			default:
				r.failed = append(r.failed, test)
			}
		}
		if err != nil && len(r.failed) == 0 {
			return r, fmt.Errorf("%s: %w, and no test failed; see %s", name, err, log)
		}
	}
	slices.Sort(r.failed)
	return r, nil
}

// read returns the last word about each test from go test's JSON.
func read(out []byte) (map[string]string, error) {
	events := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct{ Action, Test string }
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return nil, err
		}
		switch event.Action {
		case "pass", "fail", "skip":
			if event.Test != "" {
				events[event.Test] = event.Action
			}
		}
	}
	return events, lines.Err()
}
