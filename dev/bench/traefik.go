package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// traefik is a running Traefik. The package gateway has one for tests, which
// keeps all that Traefik prints; here stdout is /dev/null, and the entry point
// is as bare as it can be.
type traefik struct {
	process *process
	address string
	ping    string
	dir     string
	config  configuration
	version int           // of the configuration; see reload.go
	start   time.Duration // of the process, until it served
}

const staticTraefik = `global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: ERROR, filePath: traefik.log}
ping: {manualRouting: true}
entryPoints:
  web: {address: %q}
  ping: {address: %q}
providers:
  file: {directory: dynamic, watch: true}
  providersThrottleDuration: 50ms
`

const staticPlugin = `experimental:
  abortOnPluginFailure: true
  localPlugins:
    hookward: {moduleName: github.com/hookward/hookward}
`

// staticDebug opens Traefik's own debugging addresses, for the heap's size.
const staticDebug = "api: {dashboard: false, debug: true}\n"

// configuration is what is special about one Traefik.
type configuration struct {
	routers     int
	form        gateway.Form // of hookward; empty for Traefik without it
	debug       bool
	middlewares string // definitions, in YAML, indented by four
	chain       string // names of those on each router: "a, b"
	limited     string // names of those on the router /limited/000; empty for none
	environment []string
}

// dynamic writes the configuration in Traefik's words. All routers have the
// same middlewares. Each version has a router that no other has.
func (t *traefik) dynamic(backend string) string {
	text := &strings.Builder{}
	router := func(name, path, chain string) {
		fmt.Fprintf(text, "    %s: {rule: \"Path(`%s`)\", entryPoints: [web], service: backend, middlewares: [%s]}\n", name, path, chain)
	}
	fmt.Fprintln(text, "http:\n  routers:")
	fmt.Fprintln(text, "    ping: {rule: \"Path(`/ping`)\", entryPoints: [ping], service: ping@internal}")
	if t.config.debug {
		fmt.Fprintln(text, "    debug: {rule: \"PathPrefix(`/debug/`)\", entryPoints: [ping], service: api@internal}")
	}
	for _, path := range paths("hooks", t.config.routers) {
		router("r"+filepath.Base(path), path, t.config.chain)
	}
	router("version", versionPath(t.version), t.config.chain)
	if t.config.limited != "" {
		router("limited", paths("limited", 1)[0], t.config.limited)
	}
	if t.config.middlewares != "" {
		fmt.Fprint(text, "  middlewares:\n", t.config.middlewares)
	}
	fmt.Fprintf(text, "  services:\n    backend: {loadBalancer: {servers: [{url: \"http://%s\"}]}}\n", backend)
	return text.String()
}

// paths are those of the routers.
func paths(name string, count int) []string {
	all := make([]string, count)
	for i := range all {
		all[i] = fmt.Sprintf("/%s/%03d", name, i)
	}
	return all
}

func versionPath(version int) string { return fmt.Sprintf("/version/%06d", version) }

// startTraefik returns when Traefik serves.
func startTraefik(e *environment, name string, c configuration) (*traefik, error) {
	t := &traefik{config: c}
	var err error
	if t.dir, err = e.directory(name); err != nil {
		return nil, err
	}
	if t.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if t.ping, err = freeAddress(); err != nil {
		return nil, err
	}
	static := fmt.Sprintf(staticTraefik, t.address, t.ping)
	if c.debug {
		static += staticDebug
	}
	binary := e.traefiks[gateway.Interpreted] // the plain one
	if c.form != "" {
		static += staticPlugin
		binary = e.traefiks[c.form]
		if err := install(e.root, t.dir, c.form); err != nil {
			return nil, err
		}
	}
	err = errors.Join(
		os.MkdirAll(filepath.Join(t.dir, "dynamic"), 0o755),
		os.WriteFile(filepath.Join(t.dir, "traefik.yml"), []byte(static), 0o644),
		t.write(e),
	)
	if err != nil {
		return nil, err
	}
	command := exec.Command(binary, "--configFile=traefik.yml")
	command.Dir = t.dir
	command.Env = append(append(os.Environ(), "HOOKWARD_BENCH_SECRET="+secret), c.environment...)
	began := time.Now()
	if t.process, err = start(command); err != nil {
		return nil, err
	}
	err = t.process.until(func() bool {
		response, err := http.Get("http://" + t.ping + "/ping")
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	})
	t.start = time.Since(began)
	if err != nil {
		t.process.stop()
		log, _ := os.ReadFile(filepath.Join(t.dir, "traefik.log"))
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return t, nil
}

// install makes hookward a local plugin of a Traefik that runs in a directory. Of
// what is compiled in, Traefik reads the manifest, and without source nothing else
// can run than what is compiled in.
func install(root, dir string, form gateway.Form) error {
	plugin := filepath.Join(dir, "plugins-local", "src", "github.com", "hookward", "hookward")
	if form == gateway.Compiled {
		root, plugin = filepath.Join(root, ".traefik.yml"), filepath.Join(plugin, ".traefik.yml")
	}
	return errors.Join(os.MkdirAll(filepath.Dir(plugin), 0o755), os.Symlink(root, plugin))
}

// write writes the dynamic configuration, whole at once; Traefik applies it soon
// after.
func (t *traefik) write(e *environment) error {
	// A name that Traefik's watcher passes over, then a rename within the folder.
	temporary := filepath.Join(t.dir, "dynamic", ".main.tmp")
	if err := os.WriteFile(temporary, []byte(t.dynamic(e.backend)), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(t.dir, "dynamic", "main.yml"))
}
