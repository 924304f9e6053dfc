package rules

import (
	"path"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// checkStores warns of deliveries that wait in a directory which ends with Traefik's
// container.
func (c *check) checkStores() {
	for _, container := range c.set.Containers {
		said := map[string]bool{}
		for _, g := range c.gates {
			directory := storeOf(g)
			if directory != "" && !said[directory] && mayServe(container, g) {
				said[directory] = true
				c.checkStore(g, directory, container)
			}
		}
	}
}

// mayServe says whether a gate may be one of the Traefik in a container: labels are for one
// in Compose, resources for one in a cluster, and files for any.
func mayServe(container *inventory.Container, g *gate) bool {
	switch inventory.Provider(g.Key) {
	case "docker", "swarm":
		return !container.InCluster
	case "kubernetescrd":
		return container.InCluster
	}
	return true
}

// storeOf returns the directory in which a gate keeps deliveries, be it only those that Redis
// does not store, or nothing.
func storeOf(g *gate) string {
	kept := g.section.Get("delivery")
	directory := g.section.Get("stateDirectory").String()
	if !hasSection(kept) || !path.IsAbs(directory) || reading.IsUnresolved(directory) {
		return ""
	}
	return path.Clean(directory)
}

// hasSection says whether a section is there, and not switched off.
func hasSection(n *document.Node) bool {
	return n != nil && n.Kind != document.Null && n.String() != "false"
}

func (c *check) checkStore(g *gate, directory string, container *inventory.Container) {
	mount := container.At(directory)
	if mount != nil && mount.Gone == "" {
		return
	}
	if container.Values && c.isMountedElsewhere(directory) {
		return
	}
	where, what := container.Node, "nothing that outlives the container"
	if mount != nil {
		where, what = mount.Node, mount.Gone
	}
	kept := "deliveries"
	if g.section.Path("delivery", "store", "type").String() == "redis" {
		kept = "deliveries that Redis does not store"
	}
	c.say(container.File, where, finding.Warning, "lost-store", container.Path, "has %s at %s, where %s keeps %s: what waits there is lost with the container. Mount %s", what, directory, g.Title(), kept, container.Cure)
}

// isMountedElsewhere says whether other values of a chart have what is missing here.
func (c *check) isMountedElsewhere(directory string) bool {
	for _, container := range c.set.Containers {
		mount := container.At(directory)
		if container.Values && mount != nil && mount.Gone == "" {
			return true
		}
	}
	return false
}

// checkFastProxy tells of Traefik's other proxy, which goes on after the timeout of an attempt.
func (c *check) checkFastProxy(s *inventory.Static, at *document.Node) {
	for _, g := range c.gates {
		if hasSection(g.section.Get("delivery")) {
			c.say(s.File, at, finding.Warning, "fast-proxy", "experimental.fastProxy", "does not end an attempt after delivery.timeout, which %s has: a backend that takes a connection and says nothing, or at times one that resets it, holds the sender, and in the background one attempt of delivery.concurrency, for as long as it likes. Leave it out", g.Title())
			return
		}
	}
	c.say(s.File, at, finding.Info, "fast-proxy", "experimental.fastProxy", "is not what most of this plugin was tested with")
}
