package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/internal/inspect"
)

// validate holds a YAML text against a part of the schema.
func validate(t *testing.T, part, text string) error {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(root, "docs", "options.schema.json") + part)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(document)
}

// An editor has nothing to say against any file of the catalogue, and each tells it where
// the schema is.
func TestSchemaFitsTheCatalogue(t *testing.T) {
	paths, err := filepath.Glob("../../catalogue/*.yaml")
	if err != nil || len(paths) < 144 {
		t.Fatal(len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# yaml-language-server: $schema=../docs/options.schema.json#/definitions/Provider\n") {
			t.Errorf("%s does not begin with the line that names the schema", path)
		}
		if err := validate(t, "#/definitions/Provider", string(text)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// What the gate refuses, and what is not there because it has no value, is marked by an
// editor; what the examples say is not.
func TestSchemaFindsMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"provider: github":            "",
		"provider: githbu":            "/provider",
		"providr: github":             "providr",
		"Provider: github":            "Provider",
		"secrets: []":                 "/secrets",
		"secrets: ['env:A', ' ']":     "/secrets/1",
		"tolerance: 5":                "/tolerance",
		"tolerance: 5m":               "",
		"tolerance: 5 minutes":        "/tolerance",
		"maxBodyBytes: 0":             "/maxBodyBytes",
		"maxBodyBytes: 1MiB":          "/maxBodyBytes",
		"ipStrategy: {depth: 0}":      "",
		"observeOnly: sometimes":      "/observeOnly",
		"replay:":                     "/replay",
		"replay: true":                "",
		"replay: false":               "/replay",
		"ban: false":                  "",
		"replay: {by: id}":            "/replay/by",
		"handshakes: false":           "",
		"handshakes: []":              "/handshakes",
		"handshakes: [{method: PUT}]": "/handshakes/0/method",
		"signature: {header: [X-A, X-B], secretEncoding: hex}": "",
		"signature: {haeder: X-A}":                             "haeder",
		"signature: {secretEncoding: hexx}":                    "/signature/secretEncoding",
		"signature: {alternatives: [{timestampUnit: weeks}]}":  "/signature/alternatives/0/timestampUnit",
		"audit: {outputs: [{path: /a}]}":                       "type",
		"audit: {redactPatterns: [card, redacted]}":            "/audit/redactPatterns/1",
	} {
		err := validate(t, "#/definitions/Options", text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
		// The same, where Traefik's file provider and Kubernetes have it.
		for _, where := range []string{"http: {middlewares: {a: {plugin: {hookward: {%}}}}}", "spec: {plugin: {hookward: {%}}}"} {
			whole := strings.Replace(where, "%", strings.Replace(text, "replay:", "replay: ", 1), 1)
			if (validate(t, "", whole) == nil) != (err == nil) {
				t.Errorf("%s is not judged as by itself", whole)
			}
		}
	}
	if err := validate(t, "#/definitions/Provider", "name: Acme\nsource: its documentation\nconfidence: certain\n"); err == nil {
		t.Error("any confidence is taken")
	}
}

// The values that the schema has of an option are those that the gate takes.
func TestSchemaValuesAreTheGates(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	sections, err := optionSections(root)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]string{
		"SignatureOptions.secretEncoding":         "signature: {secretEncoding: %}",
		"SignatureOptions.timestampUnit":          "signature: {timestampUnit: %}",
		"HandshakeOptions.method":                 "handshakes: [{unsigned: true, method: %}]",
		"HandshakeOptions.pattern":                "handshakes: [{unsigned: true, challenge: query:a, answer: '{challenge}', pattern: %}]",
		"ListOptions.format":                      "denylist: {lists: [{url: 'https://example.com', format: %}]}",
		"ReplayOptions.onDuplicate":               "replay: {onDuplicate: %}",
		"ReplayOptions.by":                        "replay: {by: %}",
		"AuditOptions.payload":                    "audit: {payload: %}",
		"AuditOptions.redactPatterns":             "audit: {payload: redacted, redactPatterns: [%]}",
		"OutputOptions.type":                      "audit: {outputs: [{type: %}]}",
		"DeadLetterOutputOptions.type":            "delivery: {deadLetter: {outputs: [{type: %}]}}",
		"DeadLetterOutputOptions.compression":     "delivery: {deadLetter: {outputs: [{type: file, path: /a/b.log, compression: %}]}}",
		"MetricsOutputOptions.type":               "metrics: {outputs: [{type: %}]}",
		"OutputOptions.compression":               "audit: {outputs: [{type: file, path: /a/b.log, compression: %}]}",
		"MessageSignatureOptions.dialect":         "messageSignature: {dialect: %}",
		"MessageSignatureOptions.encoding":        "messageSignature: {encoding: %}",
		"MessageSignatureOptions.secretEncoding":  "messageSignature: {secretEncoding: %}",
		"MessageSignatureOptions.wwwAuthenticate": "messageSignature: {wwwAuthenticate: %}",
		"JWTOptions.algorithms":                   "jwt: {algorithms: [%]}",
		"JWTOptions.secretEncoding":               "jwt: {algorithms: HS256, secretEncoding: %}",
		"JWTOptions.forwardToken":                 "jwt: {algorithms: HS256, forwardToken: %}",
		"JWTOptions.refusal":                      "jwt: {algorithms: HS256, refusal: %}",
		"BodyHashOptions.encoding":                "jwt: {algorithms: HS256, bodyHash: {claim: a, encoding: %}}",
		"BodyHashOptions.algorithm":               "jwt: {algorithms: HS256, bodyHash: {claim: a, algorithm: %}}",
		"URLClaimOptions.form":                    "jwt: {algorithms: HS256, url: {claim: a, form: %}}",
		"OAuth2Options.algorithms":                "oauth2: {issuers: 'https://a.example', audiences: a, algorithms: [%], jwks: {discovery: true}}",
		"OAuth2Options.forwardToken":              "oauth2: {issuers: 'https://a.example', audiences: a, forwardToken: %, jwks: {discovery: true}}",
		"IntrospectionOptions.authMethod":         "oauth2: {audiences: a, introspection: {url: 'https://a.example', clientID: a, clientSecret: abcdefghijklmnopqrstuvwxyz, authMethod: %}}",
		"DeliveryOptions.mode":                    "delivery: {mode: %}",
		"DeliveryOptions.onFailure":               "delivery: {onFailure: %}",
		"DeliveryStoreOptions.type":               "delivery: {store: {type: %}}\nredis: {}",
	}
	for _, path := range closed {
		section, name, _ := strings.Cut(path, ".")
		if section == "provider" {
			continue // the gate has never heard of it
		}
		i := slices.IndexFunc(sections[section], func(o option) bool { return o.name == name })
		if i < 0 || places[path] == "" {
			t.Errorf("%s is no option, or is not tried here", path)
			continue
		}
		property := object{}
		restrict(property, sections[section][i])
		for _, value := range append(property["enum"].([]string), "neither") {
			if isRefused := refuses(t, strings.Replace(places[path], "%", value, 1), name); isRefused != (value == "neither") {
				t.Errorf("%s: %s is refused: %v", path, value, isRefused)
			}
		}
	}
}

// refuses says whether the gate finds fault with an option of a configuration.
func refuses(t *testing.T, text, option string) bool {
	t.Helper()
	raw := map[string]any{}
	base := "provider: standard-webhooks\nsecrets: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\nstateDirectory: /a\n"
	if strings.HasPrefix(text, "jwt:") {
		base = "secrets: 3031323334353637383961626364656630313233343536373839616263646566\n" // whichever encoding it is read in
	} else if strings.HasPrefix(text, "messageSignature:") {
		base = "secrets: 0123456789abcdef0123456789abcdef\n" // in place of a provider's signature
	} else if strings.HasPrefix(text, "oauth2:") {
		base = ""
	}
	if err := yaml.Unmarshal([]byte(base+text), &raw); err != nil {
		t.Fatal(err)
	}
	for _, problem := range inspect.Inspect(raw, nil).Problems {
		if strings.Contains(problem.Path, "."+option) {
			return true
		}
	}
	return false
}
