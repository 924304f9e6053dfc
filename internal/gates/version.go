package gates

import (
	"sync"
	"time"

	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/traefik"
)

const module = "github.com/hookward/hookward"

var (
	versionMu sync.Mutex
	version   string // of hookward, once it is said
)

// SayVersion tells the operator, once in a process, which hookward this is.
func SayVersion(own string, now time.Time) {
	versionMu.Lock()
	said := version != ""
	version = own
	versionMu.Unlock()
	if said {
		return
	}
	how := "compiled into Traefik"
	if !traefik.Compiled {
		how = "interpreted by Traefik"
	}
	report.Write("info", "", "hookward "+own+", "+how, now)
	if !traefik.Compiled {
		return
	}
	for place, other := range traefik.PluginVersions(module, memory.Started) {
		if other != "" && other != own {
			report.Write("warn", "", place+" "+other+" of the plugin, but what runs is "+own+", which is compiled in: build Traefik again with hookward build --hookward "+other+", or name "+own, now)
		}
	}
}

// versionOf returns which hookward this is.
func versionOf() string {
	versionMu.Lock()
	defer versionMu.Unlock()
	return version
}
