// Package sources takes a plugin's options from the places in which users write
// them and hands them over as Traefik does, by Traefik's own code: the file
// provider in YAML and in TOML, labels, and the Kubernetes CRD.
package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/mitchellh/mapstructure"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/config/label"
	"github.com/traefik/traefik/v3/pkg/provider/file"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/config"
)

// Source is a place in which options are written.
type Source struct {
	Name string
	// Options returns what Traefik has under the plugin's key, given the text
	// that stands there.
	Options func(text string) (map[string]any, error)
}

// All are the sources, in the order of their names in the test cases.
var All = []Source{
	{"yaml", yamlOptions},
	{"toml", tomlOptions},
	{"labels", labelOptions},
	{"json", jsonOptions},
}

const (
	middleware = "hooks"
	plugin     = "hookward"
)

// yamlOptions takes the text for what stands below the plugin's key.
func yamlOptions(text string) (map[string]any, error) {
	return fileOptions("options.yml", yamlFile(text))
}

func yamlFile(text string) string {
	head := "http:\n  middlewares:\n    " + middleware + ":\n      plugin:\n        " + plugin + ":\n"
	indented := strings.ReplaceAll(text, "\n", "\n          ")
	return head + "          " + indented + "\n"
}

// A table's header stands alone on its line, without an indent.
var tableHeader = regexp.MustCompile(`(?m)^(\[\[?)([A-Za-z0-9.]+)(\]\]?)$`)

// tomlOptions takes the text for what stands below the plugin's table, with
// tables of its own, `[signature]` and `[[handshakes]]`.
func tomlOptions(text string) (map[string]any, error) {
	return fileOptions("options.toml", tomlFile(text))
}

func tomlFile(text string) string {
	table := strings.Join([]string{"http", "middlewares", middleware, "plugin", plugin}, ".")
	return "[" + table + "]\n" + tableHeader.ReplaceAllString(text, "${1}"+table+".$2$3")
}

// fileOptions reads a file as Traefik's file provider does: a template first,
// then the decoder of the file name's extension.
func fileOptions(name, text string) (map[string]any, error) {
	dir, err := os.MkdirTemp("", "hookward-sources-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	configuration, err := (&file.Provider{}).CreateConfiguration(context.Background(), path, template.FuncMap{}, false)
	if err != nil {
		return nil, err
	}
	return pluginOptions(configuration)
}

// labelOptions takes each line, key=value, for a label below the plugin's key,
// and a line without a key, =value, for the label of the plugin's key itself. A
// line that begins with a tab goes on with the value of the line above it.
func labelOptions(text string) (map[string]any, error) {
	prefix := strings.Join([]string{"traefik", "http", "middlewares", middleware, "plugin", plugin}, ".")
	labels := map[string]string{}
	name := prefix
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if more, ok := strings.CutPrefix(line, "\t"); ok {
			labels[name] += "\n" + more
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("not a label: %q", line)
		}
		name = prefix
		if key != "" {
			name += "." + key
		}
		labels[name] = value
	}
	configuration, err := label.DecodeConfiguration(labels)
	if err != nil {
		return nil, err
	}
	return pluginOptions(configuration)
}

// jsonOptions takes the text for the value of the plugin's key in a Middleware
// of the CRD, which Traefik decodes with encoding/json.
func jsonOptions(text string) (map[string]any, error) {
	plugins := map[string]dynamic.PluginConf{}
	if err := json.Unmarshal([]byte(`{"`+plugin+`": `+text+`}`), &plugins); err != nil {
		return nil, err
	}
	return plugins[plugin], nil
}

func pluginOptions(configuration *dynamic.Configuration) (map[string]any, error) {
	m := configuration.HTTP.Middlewares[middleware]
	if m == nil {
		return nil, errors.New("traefik has no middleware of that name")
	}
	return m.Plugin[plugin], nil
}

// Config makes of a plugin's options what the plugin's New gets, as the
// function createConfig of Traefik's pkg/plugins does.
func Config(options map[string]any) (*hookward.Config, error) {
	configuration := hookward.CreateConfig()
	if len(options) == 0 {
		return configuration, nil
	}
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		DecodeHook:       mapstructure.StringToSliceHookFunc(","),
		WeaklyTypedInput: true,
		Result:           configuration,
	})
	if err != nil {
		return nil, err
	}
	if err := decoder.Decode(options); err != nil {
		return nil, err
	}
	return configuration, nil
}

// Decode goes all the way from a text to the plugin's typed options, or to the
// problems that it has with them. The error is that of Traefik, which then
// leaves out the whole file, container or resource.
func (s Source) Decode(text string) (config.Options, []string, error) {
	raw, err := s.Options(text)
	if err != nil {
		return config.Options{}, nil, err
	}
	configuration, err := Config(raw)
	if err != nil {
		return config.Options{}, nil, err
	}
	options, problems := config.Decode(configuration.Raw)
	return options, problems, nil
}
