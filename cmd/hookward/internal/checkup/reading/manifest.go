package reading

import (
	"encoding/json"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
)

// ManifestOptions returns what the plugin gets of a Kubernetes resource, which comes to
// Traefik as JSON: all numbers are of one kind then.
func ManifestOptions(alias *document.Node) (map[string]any, error) {
	text, err := json.Marshal(alias.Plain())
	if err != nil {
		return nil, err
	}
	options := map[string]any{}
	err = json.Unmarshal(text, &options)
	return options, err
}
