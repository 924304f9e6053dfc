package examples

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// composeProject reads an example as Docker Compose does, which checks it
// against the specification's schema.
func composeProject(t *testing.T, folder string) *types.Project {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "examples", folder)
	project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "compose.yaml")}},
		Environment: types.Mapping{"DOCKER_GROUP": dockerGroup},
	})
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// dockerGroup is what a reader would have found on his machine.
const dockerGroup = "998"

// composeSetup says how an example with labels is run.
type composeSetup struct {
	folder  string // of examples/
	traefik traefik
	deny    string            // in the place of deny.yml
	labels  map[string]string // in the place of the backend's, where they differ
	without []string          // containers that are not there
	dir     string            // where the container's files are put, by their own paths
	prefix  string            // what Traefik has to put before those paths
}

// composeSite is the example, its containers replaced: Traefik by a process with
// the container's command, the backend by one on loopback, Docker by a part of
// its API.
type composeSite struct {
	caller
	*gateway.Gateway
	hooks   *backend
	health  []string // the arguments of the container's health check
	website *backend
}

// startCompose runs the example for the plugin in the form that is tested.
func startCompose(t *testing.T, deny string, labels map[string]string, without ...string) *composeSite {
	t.Helper()
	dir := t.TempDir()
	return composeSetup{"compose", tested(), deny, labels, without, dir, dir}.start(t)
}

// start runs the example beside a container with a website for everybody.
func (c composeSetup) start(t *testing.T) *composeSite {
	t.Helper()
	project := composeProject(t, c.folder)
	free := testkit.Addresses(t, 2)
	s := &composeSite{hooks: serve(t, "hooks"), website: serve(t, website)}
	s.caller = caller{url: "http://" + free[0], client: &http.Client{Timeout: testkit.Patience}}
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	docker := &http.Server{Handler: &gateway.Docker{Port: s.hooks.port, Network: project.Networks["backends"].Name,
		Containers: c.containers(project, s)}, ReadHeaderTimeout: testkit.Patience}
	t.Cleanup(func() { _ = docker.Close() })
	go func() { _ = docker.Serve(api) }()

	write(t, githubSecret+"\n", c.dir, "run", "secrets", "github")
	write(t, stripeSecret+"\n", c.dir, "run", "secrets", "stripe")
	write(t, c.deny, c.dir, "etc", "traefik", "deny.yml")
	here := func(arguments []string) []string {
		return strings.Split(edit(t, strings.Join(arguments, "\n"), "127.0.0.1:8082", free[1]), "\n")
	}
	container := project.Services["traefik"]
	s.health = here(container.HealthCheck.Test)
	arguments := strings.Split(edit(t, strings.Join(here(container.Command), "\n"),
		"=:8000", "="+free[0], "/etc/traefik/deny.yml", c.prefix+"/etc/traefik/deny.yml"), "\n")
	s.Gateway = c.traefik.run(t, t.TempDir(), free[1], append(arguments, "--providers.docker.endpoint=tcp://"+api.Addr().String()))
	if c.deny == "" {
		s.applied(t, s.website, "200 website")
	} else {
		s.applied(t, s.website, "418")
	}
	return s
}

// containers are the example's, and one with a website, by their labels.
func (c composeSetup) containers(project *types.Project, s *composeSite) map[string]map[string]string {
	local := strings.NewReplacer("/run/secrets", c.prefix+"/run/secrets", "/var/lib/hookward", c.prefix+"/var/lib/hookward")
	found := map[string]map[string]string{website: {
		"traefik.enable": "true", "traefik.http.routers.website.rule": "PathPrefix(`/`)",
		"traefik.http.services.website.loadbalancer.server.url": s.website.url,
	}}
	for name, service := range project.Services {
		if len(service.Labels) == 0 {
			continue
		}
		found[name] = map[string]string{}
		for label, value := range service.Labels {
			if strings.HasSuffix(label, ".server.port") {
				value = strconv.Itoa(s.hooks.port)
			}
			found[name][label] = local.Replace(value)
		}
		for label, value := range c.labels {
			found[name][label] = value
		}
	}
	for _, name := range c.without {
		delete(found, name)
	}
	return found
}

// guarded checks what the example promises.
func (s *composeSite) guarded(t *testing.T) {
	t.Helper()
	s.answers(t, "401", "/github", body)
	s.answers(t, "401", "/github", body, githubSigned(stripeSecret, body))
	s.answers(t, "401", "/stripe", body, githubSigned(githubSecret, body))
	s.answers(t, "418", "/github/", body, githubSigned(githubSecret, body))
	s.hooks.arrived(t)
	s.answers(t, "200 hooks", "/github", body, githubSigned(githubSecret, body))
	s.answers(t, "200", "/github", body, githubSigned(githubSecret, body)) // acknowledged
	s.answers(t, "200 hooks", "/stripe", body, stripeSigned(stripeSecret, body))
	s.hooks.arrived(t, body, body)
	s.website.arrived(t)
}

// healthy checks the container's health check, and ends Traefik.
func (s *composeSite) healthy(t *testing.T, f traefik) {
	t.Helper()
	if s.health[0] != "CMD" || s.health[1] != "traefik" {
		t.Fatalf("the health check is %q", s.health)
	}
	check := func() ([]byte, error) {
		return exec.Command(f.command[0], append(slices.Clone(f.command[1:]), s.health[2:]...)...).CombinedOutput()
	}
	if out, err := check(); err != nil {
		t.Errorf("the health check of a Traefik that runs: %v: %s", err, out)
	}
	s.Stop()
	if out, err := check(); err == nil {
		t.Errorf("the health check of a Traefik that has ended: %s", out)
	}
}

func TestCompose(t *testing.T) {
	s := startCompose(t, example(t, "compose", "deny.yml"), nil)
	s.guarded(t)
	t.Run("health check", func(t *testing.T) { s.healthy(t, tested()) })
}

// A router is gone while its container is, and where a label takes it away. The
// website then gets its requests, unless there is the router that denies.
func TestComposeWithout(t *testing.T) {
	misspelt := map[string]string{"traefik.http.routers.github.middlewares": "github-hook"}
	refused := map[string]string{"traefik.http.middlewares.github-hooks.plugin.hookward..secrets": "x"}
	for name, c := range map[string]struct {
		labels  map[string]string
		without []string
	}{
		"the container":             {nil, []string{"hooks"}},
		"the middleware":            {misspelt, nil},
		"labels that Traefik takes": {refused, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := startCompose(t, example(t, "compose", "deny.yml"), c.labels, c.without...)
			s.answers(t, "418", "/github", body)
			s.answers(t, "418", "/github", body, githubSigned(githubSecret, body))
			s.hooks.arrived(t)
			s.website.arrived(t)

			trap := startCompose(t, "", c.labels, c.without...)
			trap.answers(t, "200 website", "/github", body)
		})
	}
}
