package builder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// What GitHub publishes for whoever writes a verifier:
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
const (
	checkSecret    = "It's a Secret to Everybody"
	checkBody      = "Hello, World!"
	checkSignature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
)

const checkStatic = `global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: ERROR}
ping: {manualRouting: true}
entryPoints:
  web: {address: %q}
providers:
  file: {filename: dynamic.yml}
experimental:
  abortOnPluginFailure: true
  localPlugins:
    hookward: {moduleName: ` + Plugin + `}
`

const checkDynamic = "http:\n" +
	"  routers:\n" +
	"    ready: {rule: \"Path(`/ready`)\", service: ping@internal}\n" +
	"    github: {rule: \"Path(`/github`)\", middlewares: [github], service: backend}\n" +
	"  middlewares:\n" +
	"    github: {plugin: {hookward: {provider: github, secrets: [\"env:HOOKWARD_CHECK\"], ban: false}}}\n" +
	"  services:\n" +
	"    backend: {loadBalancer: {servers: [{url: %q}]}}\n"

// started is what the gate says of itself at its start, when it is compiled in.
const started = "compiled into Traefik"

// patience is how long a Traefik may take to start, and to answer.
const patience = 60 * time.Second

// check starts the binary on loopback and asks it: a good delivery has to reach the
// backend, byte for byte, and no other.
func check(ctx context.Context, t *toolchain, binary, version string, manifest []byte) error {
	t.say("Starting it once, on loopback, to see that it verifies.")
	if err := checkVersion(ctx, binary, version); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	arrived := &arrivals{}
	backend := httptest.NewServer(arrived)
	defer backend.Close()
	address, err := freeAddress()
	if err != nil {
		return err
	}
	directory := filepath.Join(t.work, "check")
	_, err = writeManifest(directory, manifest)
	err = errors.Join(err,
		os.WriteFile(filepath.Join(directory, "traefik.yml"), fmt.Appendf(nil, checkStatic, address), 0o644),
		os.WriteFile(filepath.Join(directory, "dynamic.yml"), fmt.Appendf(nil, checkDynamic, backend.URL), 0o644))
	if err != nil {
		return explain(err, "")
	}

	cmd := exec.CommandContext(ctx, binary, "--configFile=traefik.yml")
	cmd.Dir = directory
	cmd.Env = []string{"HOOKWARD_CHECK=" + checkSecret} // not what TRAEFIK_… variables would add
	said := &output{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		return explain(err, "the Traefik that was built does not start: ")
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() {
		_ = cmd.Process.Kill()
		<-ended
	}()
	url := "http://" + address
	if err := untilReady(url+"/ready", ended); err != nil {
		return fmt.Errorf("the Traefik that was built %w:\n%s", err, said)
	}
	if err := ask(url+"/github", arrived); err != nil {
		return fmt.Errorf("the Traefik that was built does not do what it should: %w:\n%s", err, said)
	}
	if !strings.Contains(said.String(), started) {
		return fmt.Errorf("the Traefik that was built verifies, but interprets hookward, which is not compiled in:\n%s", said)
	}
	return nil
}

// ask sends what must pass, and what must not.
func ask(url string, arrived *arrivals) error {
	for _, c := range []struct {
		what, body, signature string
		status                int
	}{
		{"an unsigned delivery", checkBody, "", http.StatusUnauthorized},
		{"a wrongly signed delivery", checkBody + "!", checkSignature, http.StatusUnauthorized},
		{"a good delivery", checkBody, checkSignature, http.StatusOK},
	} {
		request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(c.body))
		if err != nil {
			return err
		}
		if c.signature != "" {
			request.Header.Set("X-Hub-Signature-256", c.signature)
		}
		response, err := (&http.Client{Timeout: patience}).Do(request)
		if err != nil {
			return fmt.Errorf("%s got no answer: %w", c.what, err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.status {
			return fmt.Errorf("%s got %s, not %d", c.what, response.Status, c.status)
		}
	}
	if bodies := arrived.all(); len(bodies) != 1 || bodies[0] != checkBody {
		return fmt.Errorf("%d deliveries reached the backend: %q", len(bodies), bodies)
	}
	return nil
}

// checkVersion asks the binary who it is.
func checkVersion(ctx context.Context, binary, version string) error {
	out, err := exec.CommandContext(ctx, binary, "version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("the Traefik that was built does not start: %w: %s", err, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		name, value, _ := strings.Cut(line, ":")
		if name == "Version" && strings.TrimSpace(value) == version {
			return nil
		}
	}
	return fmt.Errorf("the Traefik that was built does not say that it is %s:\n%s", version, out)
}

// untilReady waits until a router of the dynamic configuration answers.
func untilReady(url string, ended chan error) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		response, err := http.Get(url)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("ended at its start: %v", err)
		default:
		}
	}
	return fmt.Errorf("was not ready after %s", patience)
}

// freeAddress returns a loopback address that nobody listens on at the moment.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// arrivals is a backend that keeps the bodies it gets.
type arrivals struct {
	mu     sync.Mutex
	bodies []string
}

func (a *arrivals) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bodies = append(a.bodies, string(body))
}

func (a *arrivals) all() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bodies
}

// output is what a process prints. The gate reports JSON lines; they are looked for as text.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
