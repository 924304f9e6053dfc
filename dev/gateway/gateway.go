package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Settings say what is special about one gateway. The zero value is the usual
// one.
type Settings struct {
	// Plugin is the directory of the plugin's source. Default: the repository.
	// Compiled in, it is that which the binary was built of.
	Plugin string
	// Form is how the binary runs hookward. Default: the form that is tested.
	Form Form
	// Web is the address of the plain entry point. Default: a free port.
	Web string
	// EntryPoint are more options of the entry points, in YAML's flow style, such
	// as "forwardedHeaders: {trustedIPs: [127.0.0.1]}".
	EntryPoint string
	// LogLevel is Traefik's own. Default: ERROR, the quietest that it has use for.
	LogLevel string
	// Static is more static configuration, in YAML, of sections which Traefik
	// has not been given here.
	Static string
	// Providers are more configuration sources than the files, each a line of
	// YAML's flow style. YAML takes no second providers section.
	Providers []string
	// Env is added to Traefik's environment, as NAME=value.
	Env []string
	// Stdout and Stderr get what Traefik prints, besides Gateway's own copies.
	Stdout, Stderr io.Writer
}

// Gateway is a running Traefik.
type Gateway struct {
	// URL and TLSURL are the plain entry point and the one with TLS, which
	// speaks HTTP/2 too and has a certificate that nobody trusts.
	URL, TLSURL string
	// Stdout and Stderr hold all that the process has printed.
	Stdout, Stderr *Output

	dir       string
	temporary bool // the directory is ours
	cmd       *exec.Cmd
	done      chan struct{}
}

// Without abortOnPluginFailure, Traefik would go on without the plugin, its
// routers would be gone, and a broader one would let everything through.
const staticTemplate = `global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: %[1]s}
ping: {manualRouting: true}
entryPoints:
  web: {address: %[2]q, %[5]s}
  websecure: {address: %[3]q, http: {tls: {}}, %[5]s}
  ping: {address: %[4]q}
providers:
  file: {directory: dynamic, watch: true}
  providersThrottleDuration: 50ms
%[6]sexperimental:
  abortOnPluginFailure: true
  localPlugins:
    hookward: {moduleName: github.com/hookward/hookward}
`

// The ping is routed by a file beside the caller's, so that it answers once
// Traefik has applied both. Its priority is above that of any rule: the caller's
// routers listen on all entry points.
const readyDynamic = "http: {routers: {ready: {rule: \"Path(`/ping`)\", priority: 1000000, entryPoints: [ping], service: ping@internal}}}\n"

// Start runs Traefik with a dynamic configuration in YAML and returns when it
// serves. The context ends it.
func Start(ctx context.Context, binary, dynamic string, s Settings) (*Gateway, error) {
	if s.LogLevel == "" {
		s.LogLevel = "ERROR"
	}
	if s.Web == "" {
		s.Web = "127.0.0.1:0"
	}
	addresses, err := FreeAddresses(s.Web, "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "hookward-gateway-")
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		URL: "http://" + addresses[0], TLSURL: "https://" + addresses[1],
		Stdout: &Output{copy: s.Stdout}, Stderr: &Output{copy: s.Stderr},
		dir: dir, temporary: true, done: make(chan struct{}),
	}
	providers := ""
	for _, line := range s.Providers {
		providers += "  " + line + "\n"
	}
	static := fmt.Sprintf(staticTemplate, s.LogLevel, addresses[0], addresses[1], addresses[2], s.EntryPoint, providers) + s.Static
	err = errors.Join(
		os.MkdirAll(filepath.Join(dir, "dynamic"), 0o755),
		install(dir, s),
		os.WriteFile(filepath.Join(dir, "traefik.yml"), []byte(static), 0o644),
		g.Configure("main.yml", dynamic),
		g.Configure("ready.yml", readyDynamic),
	)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}

	if err := g.launch(ctx, binary, []string{"--configFile=traefik.yml"}, "http://"+addresses[2]+"/ping", s.Env); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return g, nil
}

// Configure writes a file of the dynamic configuration, whole at once; Traefik
// applies it soon after.
func (g *Gateway) Configure(name, content string) error {
	// A name that Traefik's watcher passes over, then a rename within the folder.
	temporary := filepath.Join(g.dir, "dynamic", "."+name+".tmp")
	if err := os.WriteFile(temporary, []byte(content), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(g.dir, "dynamic", name))
}

// Exited says whether the process has ended by itself.
func (g *Gateway) Exited() bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// PID returns the number of Traefik's process.
func (g *Gateway) PID() int { return g.cmd.Process.Pid }

// Done is closed when the process has ended.
func (g *Gateway) Done() <-chan struct{} { return g.done }

// Kill ends Traefik without a word.
func (g *Gateway) Kill() {
	_ = g.cmd.Process.Kill()
	<-g.done
}

// Stop ends Traefik and removes the files that Start has made.
func (g *Gateway) Stop() {
	_ = g.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-g.done:
	case <-time.After(15 * time.Second):
		_ = g.cmd.Process.Kill()
		<-g.done
	}
	if g.temporary {
		_ = os.RemoveAll(g.dir)
	}
}

// Output collects what a process prints.
type Output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
	copy   io.Writer
}

func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.copy != nil {
		_, _ = o.copy.Write(b)
	}
	return o.buffer.Write(b)
}

// String returns all that was printed.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}

// Lines returns the complete lines that contain a text.
func (o *Output) Lines(text string) []string {
	all := o.String()
	end := strings.LastIndexByte(all, '\n')
	if end < 0 {
		return nil
	}
	found := []string{}
	for _, line := range strings.Split(all[:end], "\n") {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}
