package examples

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/hookward/hookward/dev/gateway"
)

// TestComposeFile checks what only Docker would show, as far as a file can.
func TestComposeFile(t *testing.T) {
	for _, folder := range []string{"compose", "compiled"} {
		t.Run(folder, func(t *testing.T) {
			project := composeProject(t, folder)
			for name, service := range project.Services {
				checkContainer(t, name, service)
			}
			checkSecrets(t, project)
			if !project.Networks["backends"].Internal {
				t.Error("the backends' network is not internal")
			}
			root, err := gateway.Root()
			if err != nil {
				t.Fatal(err)
			}
			mounts := mounted(project)
			if deny := mounts["/etc/traefik/deny.yml"]; deny.Source != filepath.Join(root, "examples", folder, "deny.yml") || !deny.ReadOnly {
				t.Errorf("deny.yml is mounted from %q", deny.Source)
			}
			if mounts["/var/lib/hookward"].Type != types.VolumeTypeVolume {
				t.Error("the state is on no volume")
			}
		})
	}
}

// mounted are the mounts of Traefik's container, by their places in it.
func mounted(project *types.Project) map[string]types.ServiceVolumeConfig {
	mounts := map[string]types.ServiceVolumeConfig{}
	for _, volume := range project.Services["traefik"].Volumes {
		mounts[volume.Target] = volume
	}
	return mounts
}

func checkContainer(t *testing.T, name string, service types.ServiceConfig) {
	t.Helper()
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

// checkSecrets checks that each secret which a label names is one of Traefik's,
// and that nobody else has any.
func checkSecrets(t *testing.T, project *types.Project) {
	t.Helper()
	secrets := map[string]bool{}
	for _, secret := range project.Services["traefik"].Secrets {
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
}

// The two examples differ in how Traefik comes by hookward, and in nothing that
// a hook would see.
func TestComposeForms(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	plugin, compiled := composeProject(t, "compose"), composeProject(t, "compiled")
	traefik := plugin.Services["traefik"]
	if want := "traefik:" + pinned(t); traefik.Image != want {
		t.Errorf("the image is %s, and tested is %s", traefik.Image, want)
	}
	const source = "/plugins-local/src/github.com/hookward/hookward"
	if mount := mounted(plugin)[source]; mount.Source != root || !mount.ReadOnly {
		t.Errorf("the plugin is mounted from %q, want %q, read-only", mount.Source, root)
	}

	traefik = compiled.Services["traefik"]
	if want := "traefik-hookward:" + pinned(t); traefik.Image != want {
		t.Errorf("the image is %s, and tested is %s", traefik.Image, want)
	}
	if traefik.Build == nil || traefik.Build.Context != root {
		t.Fatalf("the image is built of %+v, want the repository", traefik.Build)
	}
	if _, err := os.Stat(filepath.Join(root, traefik.Build.Dockerfile)); err != nil {
		t.Error(err)
	}
	if len(traefik.GroupAdd) != 1 || traefik.GroupAdd[0] != dockerGroup || traefik.User != "" {
		t.Errorf("the image's user, of the groups %q, can't read Docker's socket", traefik.GroupAdd)
	}
	for target := range mounted(compiled) {
		if strings.HasPrefix(source, target) {
			t.Errorf("%s hides the plugin's manifest", target)
		}
	}

	for _, project := range []*types.Project{plugin, compiled} {
		for i, argument := range project.Services["traefik"].Command {
			project.Services["traefik"].Command[i] = strings.Replace(argument, project.Networks["backends"].Name, "NETWORK", 1)
		}
	}
	if a, b := plugin.Services["traefik"].Command, compiled.Services["traefik"].Command; !reflect.DeepEqual(a, b) {
		t.Errorf("Traefik's arguments differ:\n%q\n%q", a, b)
	}
	if a, b := plugin.Services["hooks"].Labels, compiled.Services["hooks"].Labels; !reflect.DeepEqual(a, b) {
		t.Errorf("the labels differ:\n%q\n%q", a, b)
	}
}
