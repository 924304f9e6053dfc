package sources

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// compileSchema returns a part of the schema that editors have.
func compileSchema(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "options.schema.json") + part)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// checkSchema holds options from a page against the schema. Labels have no editor that
// knows it.
func checkSchema(t *testing.T, schema *jsonschema.Schema, language, options string) {
	t.Helper()
	read := yaml.Unmarshal
	if language == "toml" {
		read = toml.Unmarshal
	}
	var document any
	if err := read([]byte(options), &document); err != nil {
		t.Fatalf("%s\n%v", options, err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("%s\n%v", options, err)
	}
}

// Editors that are told of the schema find no fault with the examples, where hookward's
// options stand below Traefik's.
func TestSchemaFitsTheExamples(t *testing.T) {
	schema := compileSchema(t, "")
	paths, err := filepath.Glob("../../examples/*/*.y*ml")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		for documents := yaml.NewDecoder(file); ; {
			var document any
			err := documents.Decode(&document)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			found += len(find(document, plugin))
			if err := schema.Validate(document); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d configurations", found)
	}
}
