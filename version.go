package hookward

import (
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"
)

// version is that of the source: the one that is released next, with -dev until it is.
// `make release` holds the tag to it, and `hookward build` reads it.
const version = "v0.1.0-dev"

// compiled says that this code is compiled into the program, and not interpreted. Yaegi
// hands its functions to compiled code as ones that reflect makes.
var compiled = strings.HasPrefix(runtime.FuncForPC(reflect.ValueOf(CreateConfig).Pointer()).Name(), "github.com/hookward/")

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
}
