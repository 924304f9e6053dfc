package examples

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/hookward/hookward/dev/gateway"
)

// composeProject reads the example as Docker Compose does, which checks it
// against the specification's schema.
func composeProject(t *testing.T) *types.Project {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "examples", "compose")
	project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "compose.yaml")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return project
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

// startCompose runs the example beside a container with a website for everybody,
// without the containers that are named, and with a file provider's file in the
// place of deny.yml.
func startCompose(t *testing.T, deny string, labels map[string]string, without ...string) *composeSite {
	t.Helper()
	project := composeProject(t)
	dir := t.TempDir()
	free := addresses(t, 2)
	s := &composeSite{hooks: serve(t, "hooks"), website: serve(t, website)}
	s.caller = caller{url: "http://" + free[0], client: &http.Client{Timeout: patience}}
	local := strings.NewReplacer("/run/secrets", dir+"/secrets", "/var/lib/hookward", dir+"/state")
	containers := map[string]map[string]string{website: {
		"traefik.enable": "true", "traefik.http.routers.website.rule": "PathPrefix(`/`)",
		"traefik.http.services.website.loadbalancer.server.url": s.website.url,
	}}
	for name, service := range project.Services {
		if len(service.Labels) == 0 {
			continue
		}
		containers[name] = map[string]string{}
		for label, value := range service.Labels {
			if strings.HasSuffix(label, ".server.port") {
				value = strconv.Itoa(s.hooks.port)
			}
			containers[name][label] = local.Replace(value)
		}
		for label, value := range labels {
			containers[name][label] = value
		}
	}
	for _, name := range without {
		delete(containers, name)
	}
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	docker := &http.Server{Handler: &gateway.Docker{Port: s.hooks.port, Network: project.Networks["backends"].Name, Containers: containers}, ReadHeaderTimeout: patience}
	t.Cleanup(func() { _ = docker.Close() })
	go func() { _ = docker.Serve(api) }()

	write(t, githubSecret+"\n", dir, "secrets", "github")
	write(t, stripeSecret+"\n", dir, "secrets", "stripe")
	write(t, deny, dir, "deny.yml")
	here := func(arguments []string) []string {
		return strings.Split(edit(t, strings.Join(arguments, "\n"), "127.0.0.1:8082", free[1]), "\n")
	}
	traefik := project.Services["traefik"]
	s.health = here(traefik.HealthCheck.Test)
	arguments := strings.Split(edit(t, strings.Join(here(traefik.Command), "\n"),
		"=:8000", "="+free[0], "/etc/traefik/deny.yml", filepath.Join(dir, "deny.yml")), "\n")
	s.Gateway = run(t, dir, free[1], append(arguments, "--providers.docker.endpoint=tcp://"+api.Addr().String()))
	if deny == "" {
		s.applied(t, s.website, "200 website")
	} else {
		s.applied(t, s.website, "418")
	}
	return s
}

func TestCompose(t *testing.T) {
	s := startCompose(t, example(t, "compose", "deny.yml"), nil)
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

	t.Run("health check", func(t *testing.T) {
		if s.health[0] != "CMD" || s.health[1] != "traefik" {
			t.Fatalf("the health check is %q", s.health)
		}
		if out, err := exec.Command(binary, s.health[2:]...).CombinedOutput(); err != nil {
			t.Errorf("the health check of a Traefik that runs: %v: %s", err, out)
		}
		s.Stop()
		if out, err := exec.Command(binary, s.health[2:]...).CombinedOutput(); err == nil {
			t.Errorf("the health check of a Traefik that has ended: %s", out)
		}
	})
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

// TestComposeFile checks what only Docker would show, as far as a file can.
func TestComposeFile(t *testing.T) {
	project := composeProject(t)
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	for name, service := range project.Services {
		if !regexp.MustCompile(`:v\d+\.\d+\.\d+$`).MatchString(service.Image) {
			t.Errorf("%s: the image %s has no whole version", name, service.Image)
		}
		if !service.ReadOnly || len(service.CapDrop) != 1 || service.CapDrop[0] != "ALL" || service.Privileged {
			t.Errorf("%s: may write to its own image, or has capabilities", name)
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open to others than this machine", name, port.Published)
			}
		}
	}
	traefik := project.Services["traefik"]
	if want := "traefik:" + pinned(t); traefik.Image != want {
		t.Errorf("the image is %s, and tested is %s", traefik.Image, want)
	}
	mounts := map[string]types.ServiceVolumeConfig{}
	for _, volume := range traefik.Volumes {
		mounts[volume.Target] = volume
	}
	plugin := mounts["/plugins-local/src/github.com/hookward/hookward"]
	if plugin.Source != root || !plugin.ReadOnly {
		t.Errorf("the plugin is mounted from %q, want %q, read-only", plugin.Source, root)
	}
	if deny := mounts["/etc/traefik/deny.yml"]; deny.Source != filepath.Join(root, "examples", "compose", "deny.yml") || !deny.ReadOnly {
		t.Errorf("deny.yml is mounted from %q", deny.Source)
	}
	if mounts["/var/lib/hookward"].Type != types.VolumeTypeVolume {
		t.Error("the state is on no volume")
	}
	secrets := map[string]bool{}
	for _, secret := range traefik.Secrets {
		secrets["file:/run/secrets/"+secret.Source] = project.Secrets[secret.Source].File != ""
	}
	used := 0
	for _, service := range project.Services {
		for label, value := range service.Labels {
			if strings.Contains(label, ".secrets[") {
				used++
				if !secrets[value] {
					t.Errorf("%s: %s is not among Traefik's secrets", label, value)
				}
			}
		}
		if service.Name != "traefik" && len(service.Secrets) != 0 {
			t.Errorf("%s has secrets, which are Traefik's concern alone", service.Name)
		}
	}
	if used != len(secrets) {
		t.Errorf("%d of %d secrets are used", used, len(secrets))
	}
	if !project.Networks["backends"].Internal {
		t.Error("the backends' network is not internal")
	}
}
