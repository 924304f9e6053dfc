package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Kubernetes is as much of its API as Traefik's CRD provider asks for: lists of
// objects that never change. It knows no permissions, which a cluster does.
type Kubernetes struct {
	// Objects are manifests, in JSON's types.
	Objects []map[string]any
}

func (k *Kubernetes) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "application/json")
	if r.URL.Query().Get("watch") == "true" {
		// Nothing ever happens, which takes until Traefik ends.
		_ = http.NewResponseController(rw).Flush()
		<-r.Context().Done()
		return
	}
	// /api/v1/secrets, /apis/traefik.io/v1alpha1/middlewares
	group, resource := r.URL.Path, ""
	if i := strings.LastIndexByte(group, '/'); i >= 0 {
		group, resource = group[:i], group[i+1:]
	}
	version := strings.TrimPrefix(strings.TrimPrefix(group, "/apis/"), "/api/")
	items := []map[string]any{}
	for _, object := range k.Objects {
		kind, _ := object["kind"].(string)
		if object["apiVersion"] == version && strings.ToLower(kind)+"s" == resource {
			items = append(items, object)
		}
	}
	// Without a kind, the client takes the list for what it has asked for.
	_ = json.NewEncoder(rw).Encode(map[string]any{"metadata": map[string]any{"resourceVersion": "1"}, "items": items})
}
