package sources

import (
	"fmt"
	"strings"
	"testing"
)

// optionsOrPanic makes an error of a panic of Traefik's decoding code.
func optionsOrPanic(source Source, text string) (raw map[string]any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return source.Options(text)
}

// refusedByTraefik are texts that never come to the plugin.
var refusedByTraefik = []struct {
	name, source, text string
	error              string // a part of it
}{
	{"the plugin itself is null", "yaml", "~", "plugin cannot be a standalone element"},
	{"null in a list", "yaml", "methods: [POST, null]", "unsupported simple value type"},
	{"null in a list of sections", "yaml", "handshakes: [null, {method: GET}]", "unsupported simple value type"},
	{"list in a list", "yaml", "methods: [[POST]]", "unsupported simple value type"},
	{"list in a list", "toml", `methods = [["POST"]]`, "unsupported simple value type"},
	{"list in a list of sections", "yaml", "handshakes: [[{method: GET}]]", "unsupported simple value type"},
	{"list in a list of sections", "toml", `handshakes = [[{method = "GET"}]]`, "unsupported simple value type"},
	{"boolean and number in a list", "yaml", "secrets: [true, 1]", "invalid syntax"},
	{"date without quotes", "yaml", "secrets: 2026-01-01", "unsupported type"},
	{"date without quotes", "toml", "secrets = 2026-01-01", "unsupported type"},
	{"number out of range", "toml", "maxBodyBytes = 100000000000000000000", "out of range"},
	{"doubled braces, which are Traefik's templates", "yaml", `signature: {signs: "{{body}}"}`, "function \"body\" not defined"},
	{"the plugin itself is true", "json", "true", "cannot unmarshal"},
	{"comma at the beginning of a section's value", "labels", "signature.format=,{hex}", "parsing"},
	{"comma at the beginning of a value in a section's list", "labels", "signature.alternatives[0].format=,{hex}", "parsing"},
	{"number of a list without its option", "labels", "signature.[0].header=X-Signature", "invalid leading character '['"},
	{"bracket that nothing opens", "labels", "handshakes].method=GET", "slice bounds out of range"},
	{"empty part of a label's name", "labels", "signature..header=X-Signature", "invalid element"},
}

// What Traefik refuses before it asks the plugin, which the plugin can therefore
// not answer with 503: with it the whole file, the container with all its labels,
// or the CRD's middleware. The cases say how far the promise reaches that a
// mistake makes no router vanish. A new Traefik which accepts one of them makes
// this test fail; the case then belongs into testdata.
func TestRefusedByTraefik(t *testing.T) {
	for _, test := range refusedByTraefik {
		t.Run(test.source+", "+test.name, func(t *testing.T) {
			for _, source := range All {
				if source.Name != test.source {
					continue
				}
				raw, err := optionsOrPanic(source, test.text)
				if err == nil || !strings.Contains(err.Error(), test.error) {
					t.Errorf("got %v and error %v, want an error that contains %q", raw, err, test.error)
				}
				return
			}
			t.Errorf("there is no source %q", test.source)
		})
	}
}
