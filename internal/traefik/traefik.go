// Package traefik knows what can be found out of the Traefik around a plugin, beyond what
// it tells. It must not know what for.
package traefik

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// Compiled says that hookward is compiled into the program, and not interpreted. Yaegi
// hands its functions to compiled code as ones that reflect makes.
var Compiled = strings.HasPrefix(runtime.FuncForPC(reflect.ValueOf(RouterOf).Pointer()).Name(), "github.com/hookward/")

// routerName finds the name of the router in a logger's context, which is JSON
// without its braces.
var routerName = regexp.MustCompile(`"routerName":"([^"\\]{1,250})"`)

// RouterOf returns the name of the router for which Traefik builds a gate, or
// nothing. Traefik tells a plugin no such thing, but the context that it builds
// with carries a logger which has the name for its own messages. So this looks
// where it has no right to: whatever it does not find as it expects, leaves the
// name empty.
func RouterOf(ctx context.Context) string {
	name := ""
	func() {
		defer func() { _ = recover() }()
		name = findRouter(reflect.ValueOf(ctx))
	}()
	return name
}

// maxContexts bounds how many contexts are gone through.
const maxContexts = 50

func findRouter(v reflect.Value) string {
	for i := 0; i < maxContexts && v.IsValid(); i++ {
		for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return ""
		}
		value := v.FieldByName("val")
		if value.IsValid() && value.Kind() == reflect.Interface && value.Elem().IsValid() && value.Elem().Type().String() == "*zerolog.Logger" {
			matches := routerName.FindAllSubmatch(value.Elem().Elem().FieldByName("context").Bytes(), -1)
			if len(matches) == 0 {
				return ""
			}
			return string(matches[len(matches)-1][1]) // a router below another has both names
		}
		v = v.FieldByName("Context")
	}
	return ""
}

// PluginVersions returns which versions of the plugin Traefik has before it, by where
// they are. Of a plugin that is compiled in it reads the manifest alone, so another
// version there changes nothing, and would go unnoticed.
func PluginVersions(module string, started time.Time) map[string]string {
	found := map[string]string{}
	source, err := os.ReadFile("plugins-local/src/" + module + "/plugin.go")
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
