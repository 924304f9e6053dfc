// Command read answers the tests of the second module, which hold package reading
// against Traefik's own code and can't import it: configurations come in as JSON, and
// out goes what `hookward check` reads of each.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// request is a file's text or a container's labels, and where the options stand there.
type request struct {
	Source             string // yaml, toml, labels or json
	Text               string
	Labels             []reading.Label
	Middleware, Plugin string
}

// answer has the fields that Traefik does not know, unless the document itself is
// refused, and the options or why there are none.
type answer struct {
	Unknown []string
	Options map[string]any
	Error   string
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var r request
		err := in.Decode(&r)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = out.Encode(read(r))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "read:", err)
			os.Exit(1)
		}
	}
}

func read(r request) answer {
	a := answer{}
	var err error
	switch r.Source {
	case "labels":
		a.Unknown, a.Options, err = readLabels(r)
	case "json":
		a.Options, err = readManifest(r)
	default:
		a.Unknown, a.Options, err = readFile(r)
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

func readLabels(r request) ([]string, map[string]any, error) {
	labels, problem := reading.ReadLabels(r.Labels)
	if problem != nil {
		return nil, nil, fmt.Errorf("%s %s", problem.Path, problem.Text)
	}
	options, err := labels.Options(r.Middleware, r.Plugin)
	return unknown(labels.Root, true), options, err
}

func readManifest(r request) (map[string]any, error) {
	documents, mistake := document.YAML([]byte(r.Text))
	if mistake != nil {
		return nil, errors.New(mistake.Text)
	}
	return reading.ManifestOptions(documents[0])
}

func readFile(r request) ([]string, map[string]any, error) {
	rendered, mistake, err := reading.Render(r.Text, nil)
	if err != nil {
		return nil, nil, errors.New(mistake.Text)
	}
	var root *document.Node
	if r.Source == "toml" {
		root, mistake = document.TOML([]byte(rendered))
	} else {
		var documents []*document.Node
		documents, mistake = document.YAML([]byte(rendered))
		if len(documents) > 0 {
			root = documents[0]
		}
	}
	if mistake != nil {
		return nil, nil, errors.New(mistake.Text)
	}
	if problem := reading.Refused(root); problem != nil {
		return nil, nil, fmt.Errorf("%s %s", problem.Path, problem.Text)
	}
	section := root.Path("http", "middlewares", r.Middleware, "plugin", r.Plugin)
	if section == nil || section.Kind == document.Null {
		return unknown(root, false), nil, errors.New("the plugin has no value")
	}
	options, err := reading.FileOptions(section)
	return unknown(root, false), options, err
}

// unknown is never nil, so that the tests can tell nothing found from not looked.
func unknown(root *document.Node, isLabels bool) []string {
	paths := []string{}
	for _, u := range reading.UnknownFields(root, isLabels) {
		paths = append(paths, u.Path)
	}
	return paths
}
