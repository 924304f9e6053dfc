package hookward

import (
	"encoding/json"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"
)

// version is that of the source: the one that is released next, with -dev until it is.
// `make release` holds the tag to it, and `hookward build` reads it.
const version = "v0.1.0-dev"

const module = "github.com/hookward/hookward"

// compiled says that this code is compiled into the program, and not interpreted. Yaegi
// hands its functions to compiled code as ones that reflect makes.
var compiled = strings.HasPrefix(runtime.FuncForPC(reflect.ValueOf(CreateConfig).Pointer()).Name(), module)

var (
	versionMu   sync.Mutex
	versionSaid bool
)

// sayVersion tells the operator, once in a process, which hookward this is.
func sayVersion(now time.Time) {
	versionMu.Lock()
	said := versionSaid
	versionSaid = true
	versionMu.Unlock()
	if said {
		return
	}
	how := "interpreted by Traefik"
	if compiled {
		how = "compiled into Traefik"
	}
	report("info", "", "hookward "+version+", "+how, now)
	if !compiled {
		return
	}
	for place, other := range versionsOnDisk() {
		if other != "" && other != version {
			report("warn", "", place+" "+other+" of the plugin, but what runs is "+version+", which is compiled in: build Traefik again with hookward build --hookward "+other+", or name "+version, now)
		}
	}
}

// versionsOnDisk returns which versions of the plugin Traefik has before it, by where
// they are. Of a plugin that is compiled in it reads the manifest alone, so another
// version there changes nothing, and would go unnoticed.
func versionsOnDisk() map[string]string {
	found := map[string]string{}
	source, err := os.ReadFile("plugins-local/src/" + module + "/version.go")
	if err == nil {
		_, rest, _ := strings.Cut(string(source), "\nconst version = \"")
		other, _, _ := strings.Cut(rest, "\"")
		found["plugins-local has"] = other
	}
	// Traefik writes it at each start at which it fetches plugins; an older one is of
	// another configuration.
	const state = "plugins-storage/archives/state.json"
	info, err := os.Stat(state)
	if err != nil || info.ModTime().Before(started.Add(-time.Second)) {
		return found
	}
	fetched := map[string]string{}
	text, err := os.ReadFile(state)
	if err == nil && json.Unmarshal(text, &fetched) == nil {
		found["Traefik has fetched"] = fetched[module]
	}
	return found
}
