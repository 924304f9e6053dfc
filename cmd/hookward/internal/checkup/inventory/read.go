package inventory

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// Read adds a file to the set, whatever it is. Variables are those of
// s.Environment.
func (s *Set) Read(file string, text []byte) {
	if strings.EqualFold(filepath.Ext(file), ".toml") {
		s.readTOML(file, text)
		return
	}
	documents, mistake := document.YAML(text)
	switch {
	case isHelmTemplate(file, string(text), documents):
		if strings.Contains(strings.ToLower(string(text)), "traefik") {
			s.Findings = append(s.Findings, finding.Finding{File: file, Severity: finding.Info, Rule: "template-not-rendered", Message: "is a template of Helm's: check what it renders to, as in helm template . | hookward check -"})
		}
		return
	case strings.Contains(string(text), "{{") && !isOther(documents) && fileText.Match(text):
		s.readTemplate(file, text)
		return
	case strings.Contains(string(text), "{{"), s.Walked && !traefikText.Match(text):
		mistake = nil // it is somebody else's
	}
	s.addDocuments(file, documents)
	s.wrong(file, mistake, "")
	s.addKnown(file, documents)
}

// isOther says whether documents are something else than a file of the file provider,
// which alone is a template.
func isOther(documents []*document.Node) bool {
	for _, d := range documents {
		if kindOf(d) != dynamicFile && kindOf(d) != unknown {
			return true
		}
	}
	return false
}

// readTemplate reads a YAML file of the file provider, once it is rendered.
func (s *Set) readTemplate(file string, text []byte) {
	rendered, ok := s.render(file, text)
	if !ok {
		return
	}
	documents, mistake := document.YAML([]byte(rendered))
	note := renderedNote(string(text), rendered)
	before := len(s.Findings)
	s.addDocuments(file, documents)
	s.wrong(file, mistake, "")
	s.addKnown(file, documents)
	for i := before; i < len(s.Findings); i++ {
		s.Findings[i].Message += note
	}
}

// renderedNote says of positions that they are those of what a template renders to,
// where lines have come or gone.
func renderedNote(text, rendered string) string {
	if strings.Count(text, "\n") == strings.Count(rendered, "\n") {
		return ""
	}
	return " (the line is that of the rendered template)"
}

func (s *Set) render(file string, text []byte) (string, bool) {
	rendered, mistake, err := reading.Render(string(text), s.Environment)
	if err == nil {
		return rendered, true
	}
	if s.Walked && (strings.Contains(mistake.Text, "can't evaluate field") || strings.Contains(filepath.ToSlash(file), "/templates/")) {
		// Traefik's templates have no fields, and nobody keeps them by that name.
		s.Findings = append(s.Findings, finding.Finding{File: file, Severity: finding.Info, Rule: "template-not-rendered", Message: "is a template of another tool's: check what it renders to"})
		return "", false
	}
	severity, rule, tail := finding.Error, "syntax", ": Traefik takes nothing of this file"
	if errors.Is(err, reading.ErrUnknownFunction) {
		severity, rule, tail = finding.Warning, "template-not-rendered", ""
		s.Documents++
	}
	s.Findings = append(s.Findings, finding.Finding{File: file, Line: mistake.Line, Column: mistake.Column, Severity: severity, Rule: rule, Message: mistake.Text + tail})
	return "", false
}

func (s *Set) readTOML(file string, text []byte) {
	root, mistake := document.TOML(text)
	if root == nil && (strings.Contains(string(text), "{{") && !fileText.Match(text) || s.Walked && !traefikText.Match(text)) {
		return // it is somebody else's
	}
	note := ""
	if strings.Contains(string(text), "{{") && (root == nil || kindOf(root) == dynamicFile) {
		rendered, ok := s.render(file, text)
		if !ok {
			return
		}
		note = renderedNote(string(text), rendered)
		root, mistake = document.TOML([]byte(rendered))
	}
	s.wrong(file, mistake, note)
	if root != nil {
		s.addKnown(file, []*document.Node{root})
	}
}

// wrong notes what a parser does not understand.
func (s *Set) wrong(file string, mistake *document.Mistake, note string) {
	if mistake != nil {
		s.Findings = append(s.Findings, finding.Finding{File: file, Line: mistake.Line, Column: mistake.Column, Severity: finding.Error, Rule: "syntax", Message: mistake.Text + note})
	}
}

// addDocuments warns of what Traefik does not look at: its file provider reads the
// first document alone.
func (s *Set) addDocuments(file string, documents []*document.Node) {
	if len(documents) < 2 || kindOf(documents[0]) != dynamicFile {
		return
	}
	for _, d := range documents[1:] {
		if kindOf(d) == dynamicFile {
			s.Findings = append(s.Findings, finding.At(file, d, finding.Error, "second-document", "", "Traefik's file provider reads the first document of a file and no other; make a file of it"))
		}
	}
}

// The kinds of documents.
type documentKind int

const (
	unknown documentKind = iota
	dynamicFile
	staticFile
	composeFile
	manifest
	valuesFile
)

func kindOf(d *document.Node) documentKind {
	switch {
	case d.Kind != document.Map:
		return unknown
	case d.Get("apiVersion") != nil && d.Get("kind") != nil:
		return manifest
	case isHTTP(d.Get("http")) || looksDynamic(d):
		return dynamicFile
	case d.Get("services") != nil && d.Get("services").Kind == document.Map:
		return composeFile
	case isValues(d):
		return valuesFile
	case isStatic(d):
		return staticFile
	case d.Get("tcp") != nil || d.Get("udp") != nil || d.Get("tls") != nil:
		return dynamicFile
	}
	return unknown
}

// isStatic says whether a document has sections of the static configuration, with what
// Traefik has there: others have providers, too.
func isStatic(d *document.Node) bool {
	if hasItems(d.Get("entryPoints"), document.Map) {
		return true
	}
	known := map[string][]string{
		"experimental": {"plugins", "localPlugins", "abortOnPluginFailure", "fastProxy", "kubernetesGateway", "kubernetesIngressNGINX", "otlplogs", "knative"},
		"providers":    {"consul", "consulCatalog", "docker", "ecs", "etcd", "file", "http", "knative", "kubernetesCRD", "kubernetesGateway", "kubernetesIngress", "kubernetesIngressNGINX", "nomad", "plugin", "providersThrottleDuration", "redis", "rest", "swarm", "zooKeeper"},
	}
	for section, names := range known {
		for _, name := range names {
			if d.Path(section, name) != nil {
				return true
			}
		}
	}
	return false
}

// looksDynamic says whether a document has what belongs below http, at its top or below
// a name of which http may have been meant.
func looksDynamic(d *document.Node) bool {
	for _, n := range append([]*document.Node{d}, d.Items...) {
		for _, name := range []string{"routers", "middlewares"} {
			section := n.Get(name)
			if section != nil && section.Kind == document.Map {
				return true
			}
		}
	}
	return false
}

func (s *Set) addKnown(file string, documents []*document.Node) {
	first := true
	for _, d := range documents {
		switch kindOf(d) {
		case manifest:
			s.addManifest(file, d)
		case composeFile:
			s.addCompose(file, d)
		case valuesFile:
			s.addValues(file, d, false)
		case staticFile:
			s.Documents++
			s.Statics = append(s.Statics, &Static{file, d})
		case dynamicFile:
			if first {
				s.addFile(file, d)
			}
			if isStatic(d) {
				s.Documents++
				s.Statics = append(s.Statics, &Static{file, d})
				s.Findings = append(s.Findings, finding.At(file, d.Get("http"), finding.Error, "mixed-configuration", "http",
					fmt.Sprintf("stands in one file with static configuration: Traefik reads %s as one or the other; make two files", filepath.Base(file))))
			}
		}
		first = false
	}
}
