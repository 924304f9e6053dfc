package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// object is a JSON Schema, or a part of one. It is of draft 7, the one that the YAML server
// of most editors checks schemas against.
type object map[string]any

// closed are the options that have one of the values which stand in backticks in their
// comments: behind a colon, if there is one, and outside of parentheses.
var closed = []string{
	"SignatureOptions.secretEncoding", "SignatureOptions.timestampUnit", "HandshakeOptions.method", "HandshakeOptions.pattern",
	"ListOptions.format", "ReplayOptions.onDuplicate", "ReplayOptions.by", "DeliveryOptions.mode", "DeliveryOptions.onFailure", "DeliveryStoreOptions.type", "AuditOptions.payload", "AuditOptions.redactPatterns",
	"OutputOptions.type", "OutputOptions.compression", "DeadLetterOutputOptions.type", "DeadLetterOutputOptions.compression", "MetricsOutputOptions.type", "provider.confidence",
	"MessageSignatureOptions.dialect", "MessageSignatureOptions.encoding", "MessageSignatureOptions.secretEncoding", "MessageSignatureOptions.wwwAuthenticate",
	"JWTOptions.algorithms", "JWTOptions.secretEncoding", "JWTOptions.forwardToken", "JWTOptions.refusal",
	"OAuth2Options.algorithms", "OAuth2Options.forwardToken", "IntrospectionOptions.authMethod",
	"BodyHashOptions.encoding", "BodyHashOptions.algorithm", "URLClaimOptions.form",
}

var (
	onlyQuoted    = regexp.MustCompile("^`([^`]+)`$")
	quoted        = regexp.MustCompile("`([^`]+)`")
	inParentheses = regexp.MustCompile(`\([^)]*\)`)
)

// optionSchema returns docs/options.schema.json. It is stricter than the gate where that
// takes what no editor's user means: names in another case, numbers as texts, and an option
// without a value, which is as if it were not there.
func optionSchema(root string, sections map[string][]option, rows []row) (string, error) {
	sections = maps.Clone(sections)
	if err := parse(filepath.Join(root, "dev", "docs", "provider.go"), sections); err != nil {
		return "", err
	}
	definitions := object{}
	for name := range sections {
		definitions[name] = sectionSchema(name, sections)
	}
	definitions["Provider"] = definitions["provider"]
	delete(definitions, "provider")
	slugs := []string{}
	for _, r := range rows {
		slugs = append(slugs, r.slug)
	}
	definitions["Options"].(object)["properties"].(object)["provider"].(object)["enum"] = slugs
	gate := object{"properties": object{"plugin": object{"properties": object{"hookward": reference("Options")}}}}
	text := &bytes.Buffer{}
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(object{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "hookward",
		"description": "hookward's options, in a file of Traefik's dynamic configuration or a Middleware of Kubernetes",
		"type":        "object",
		"properties": object{
			"http": object{"properties": object{"middlewares": object{"additionalProperties": gate}}},
			"spec": gate,
		},
		"definitions": definitions,
	})
	return text.String(), err
}

func reference(section string) object {
	return object{"$ref": "#/definitions/" + section}
}

func sectionSchema(name string, sections map[string][]option) object {
	properties := object{}
	required := []string{}
	for _, o := range sections[name] {
		section := name
		if o.meaning == "As in `signature`." {
			section = "SignatureOptions"
			i := slices.IndexFunc(sections[section], func(other option) bool { return other.name == o.name })
			o = sections[section][i]
		}
		property := valueSchema(o)
		property["description"] = o.meaning
		if slices.Contains(closed, section+"."+o.name) {
			restrict(property, o)
		}
		if value := defaultOf(o); value != nil {
			property["default"] = value
		}
		properties[o.name] = property
		if o.required == "yes" {
			required = append(required, o.name)
		}
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// valueSchema returns what the value of an option may be, by the type of its field.
func valueSchema(o option) object {
	switch o.kind {
	case "string":
		return object{"type": "string", "pattern": `\S`}
	case "bool":
		return object{"type": "boolean"}
	case "int64":
		least := 1
		if o.hint == "zero" {
			least = 0
		}
		return object{"type": "integer", "minimum": least}
	case "time.Duration":
		return object{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
	case "[]string":
		return object{"type": []string{"array", "string"}, "minItems": 1, "items": object{"type": "string", "pattern": `\S`}, "pattern": `\S`}
	case "map[string]any": // of a file of the catalogue
		return object{"allOf": []object{reference(map[string]string{"options": "Options", "ranges": "ListOptions"}[o.name])}}
	}
	if o.list {
		list := object{"type": "array", "minItems": 1, "items": reference(o.section)}
		return object{"anyOf": []object{list, reference(o.section), {"const": false}}}
	}
	return object{"anyOf": []object{reference(o.section), {"enum": []bool{true, false}[:1+strings.Count(o.hint, "off")]}}}
}

// restrict adds the values that an option may have to what its value may be.
func restrict(property object, o option) {
	text := inParentheses.ReplaceAllString(o.meaning, "")
	if _, list, hasIntroduction := strings.Cut(text, ": "); hasIntroduction {
		text = list
	}
	values := []string{}
	for _, match := range quoted.FindAllStringSubmatch(text, -1) {
		values = append(values, match[1])
	}
	if items, isList := property["items"].(object); isList {
		property = items
	}
	property["enum"] = values
}

// defaultOf returns the default of an option, where it is the same for everybody.
func defaultOf(o option) any {
	match := onlyQuoted.FindStringSubmatch(o.fallback)
	if match == nil {
		return nil
	}
	if o.kind != "bool" && o.kind != "int64" {
		return match[1]
	}
	if !json.Valid([]byte(match[1])) {
		return nil // it is another option's value
	}
	return json.RawMessage(match[1])
}
