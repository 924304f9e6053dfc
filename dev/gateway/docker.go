package gateway

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Docker is as much of Docker's API as Traefik asks for. Each container of it
// listens at the same loopback address.
type Docker struct {
	// Port is the one at which every container listens.
	Port int
	// Network is the name of the one that all containers are in. Default:
	// bridge.
	Network string
	// Containers are their labels, by name.
	Containers map[string]map[string]string
}

var apiVersion = regexp.MustCompile(`^/v1\.\d+/`)

func (d *Docker) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Api-Version", "1.44")
	rw.Header().Set("Content-Type", "application/json")
	path := apiVersion.ReplaceAllString(r.URL.Path, "/")
	switch name := strings.TrimSuffix(strings.TrimPrefix(path, "/containers/"), "/json"); {
	case path == "/_ping":
		_, _ = rw.Write([]byte("OK"))
	case path == "/version":
		_ = json.NewEncoder(rw).Encode(map[string]any{"Version": "25.0.0", "ApiVersion": "1.44", "MinAPIVersion": "1.24", "Os": "linux"})
	case path == "/events":
		// Nothing ever happens, which takes until Traefik ends.
		_ = http.NewResponseController(rw).Flush()
		<-r.Context().Done()
	case path == "/containers/json":
		list := []map[string]any{}
		for name, labels := range d.Containers {
			list = append(list, map[string]any{"Id": name, "Names": []string{"/" + name}, "State": "running", "Labels": labels})
		}
		_ = json.NewEncoder(rw).Encode(list)
	case d.Containers[name] != nil:
		_ = json.NewEncoder(rw).Encode(d.container(name))
	default:
		http.Error(rw, `{"message": "page not found"}`, http.StatusNotFound)
	}
}

func (d *Docker) container(name string) map[string]any {
	network := d.Network
	if network == "" {
		network = "bridge"
	}
	return map[string]any{
		"Id": name, "Name": "/" + name,
		"State":      map[string]any{"Status": "running", "Running": true},
		"Config":     map[string]any{"Labels": d.Containers[name]},
		"HostConfig": map[string]any{"NetworkMode": network},
		"NetworkSettings": map[string]any{
			"Ports":    map[string]any{strconv.Itoa(d.Port) + "/tcp": nil},
			"Networks": map[string]any{network: map[string]any{"IPAddress": "127.0.0.1"}},
		},
	}
}
