package inventory

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
)

// Container is one in which a Traefik runs, and what of its file system outlives it, as far
// as the files say.
type Container struct {
	File   string
	Node   *document.Node // where its volumes are named, or it
	Path   string         // of the volumes
	Values bool           // they are a chart's, of which other files may have more

	InCluster bool // of Kubernetes, and not of Compose
	Mounts    []Mount
	Cure      string // what to mount at a directory
}

// Mount is what stands at a directory of a container.
type Mount struct {
	Path string
	Node *document.Node
	Gone string // what it is, where that does not outlive the container; else empty
}

const (
	cureCompose    = "a volume with a name there"
	cureKubernetes = "a PersistentVolumeClaim there, one for each replica: a StatefulSet with volumeClaimTemplates has that"
	cureValues     = "a PersistentVolumeClaim there: persistence with enabled: true and that path, or deployment.additionalVolumes and additionalVolumeMounts"
)

// At returns what stands at a directory, or above it, or nil.
func (c *Container) At(directory string) *Mount {
	var found *Mount
	for i := range c.Mounts {
		m := &c.Mounts[i]
		at := strings.TrimSuffix(m.Path, "/")
		if (directory == at || strings.HasPrefix(directory, at+"/")) && (found == nil || len(at) >= len(strings.TrimSuffix(found.Path, "/"))) {
			found = m
		}
	}
	return found
}

// addComposeContainer adds a service of Compose that is Traefik. What others hand down to it
// is not read, so nothing is said of one with extends or volumes_from.
func (s *Set) addComposeContainer(file string, service *document.Node) {
	if !runsTraefik(service.Get("image")) && !hasFlags(s.arguments(service.Get("command"), true)) || service.Get("extends") != nil || service.Get("volumes_from") != nil {
		return
	}
	c := &Container{File: file, Node: service, Path: "services." + service.Name + ".volumes", Cure: cureCompose}
	if volumes := service.Get("volumes"); volumes != nil {
		c.Node = volumes
		for _, v := range volumes.Items {
			c.Mounts = append(c.Mounts, s.composeMount(v))
		}
	}
	if tmpfs := service.Get("tmpfs"); tmpfs != nil {
		for _, n := range append([]*document.Node{tmpfs}, tmpfs.Items...) {
			path, _, _ := strings.Cut(interpolate(n.String(), s.Environment), ":")
			if path != "" {
				c.Mounts = append(c.Mounts, Mount{Path: path, Node: n, Gone: "a tmpfs"})
			}
		}
	}
	s.Containers = append(s.Containers, c)
}

// runsTraefik says whether an image is called Traefik, and not only its repository, as that of
// traefik/whoami.
func runsTraefik(image *document.Node) bool {
	name := image.String()
	return isTraefik(&document.Node{Kind: document.Scalar, Text: name[strings.LastIndex(name, "/")+1:]})
}

// composeMount reads a volume of Compose, in its short or its long form.
// https://docs.docker.com/reference/compose-file/services/#volumes
func (s *Set) composeMount(v *document.Node) Mount {
	text := func(n *document.Node) string { return interpolate(n.String(), s.Environment) }
	if v.Kind == document.Map {
		m := Mount{Path: text(v.Get("target")), Node: v}
		switch {
		case text(v.Get("type")) == "tmpfs":
			m.Gone = "a tmpfs"
		case text(v.Get("type")) == "volume" && v.Get("source") == nil:
			m.Gone = "a volume without a name"
		}
		return m
	}
	source, target, two := strings.Cut(text(v), ":")
	if !two {
		return Mount{Path: source, Node: v, Gone: "a volume without a name"}
	}
	target, _, _ = strings.Cut(target, ":")
	return Mount{Path: target, Node: v}
}

// addPodContainer adds a container of a workload of Kubernetes. Its volumes are those of the
// pod, and of the claims that a StatefulSet makes.
func (s *Set) addPodContainer(file string, spec, container *document.Node) {
	pod := spec.Path("template", "spec")
	c := &Container{File: file, Node: container, Path: "spec.template.spec.volumes", InCluster: true, Cure: cureKubernetes}
	gone := goneVolumes(pod.Get("volumes"))
	for _, claim := range itemsOf(spec.Get("volumeClaimTemplates")) {
		delete(gone, claim.Path("metadata", "name").String())
	}
	c.addMounts(container.Get("volumeMounts"), gone)
	s.Containers = append(s.Containers, c)
}

// addValuesContainer adds the container that Traefik's chart makes of values.
func (s *Set) addValuesContainer(file string, values *document.Node) {
	c := &Container{File: file, Node: values, Path: "persistence", Values: true, InCluster: true, Cure: cureValues}
	if persistence := values.Get("persistence"); persistence != nil {
		c.Node = persistence
		path := persistence.Get("path").String()
		if path == "" {
			path = "/data"
		}
		if persistence.Get("enabled").IsTrue() {
			c.Mounts = append(c.Mounts, Mount{Path: path, Node: persistence})
		}
	}
	c.addMounts(values.Get("additionalVolumeMounts"), goneVolumes(values.Path("deployment", "additionalVolumes")))
	s.Containers = append(s.Containers, c)
}

func (c *Container) addMounts(mounts *document.Node, gone map[string]string) {
	for _, m := range itemsOf(mounts) {
		c.Mounts = append(c.Mounts, Mount{Path: m.Get("mountPath").String(), Node: m, Gone: gone[m.Get("name").String()]})
	}
}

// goneVolumes returns the volumes of a pod that end with it, or that nobody can write to, and
// what each is.
func goneVolumes(volumes *document.Node) map[string]string {
	gone := map[string]string{}
	for _, v := range itemsOf(volumes) {
		for kind, what := range map[string]string{
			"emptyDir": "an emptyDir", "ephemeral": "an ephemeral volume",
			"configMap": "a ConfigMap", "secret": "a Secret", "projected": "a projected volume", "downwardAPI": "a downwardAPI volume",
		} {
			if v.Get(kind) != nil {
				gone[v.Get("name").String()] = what
			}
		}
	}
	return gone
}
