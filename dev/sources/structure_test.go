package sources

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/traefik/paerser/file"
	"github.com/traefik/paerser/parser"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/config/label"
)

var updateStructure = flag.Bool("update-structure", false, "write what Traefik's structures are into cmd/hookward/internal/checkup")

// What `hookward check` takes for the fields of Traefik's dynamic configuration are
// those that Traefik's parser finds: exported ones, by their names in Go.
func TestStructure(t *testing.T) {
	s := &structures{names: map[reflect.Type]string{}, taken: map[string]bool{}}
	s.add(reflect.TypeFor[dynamic.Configuration]())
	if len(s.names) < 70 {
		t.Errorf("found %d types only", len(s.names))
	}
	path := filepath.Join("..", "..", "cmd", "hookward", "internal", "checkup", "reading", "structure.txt")
	if *updateStructure {
		if err := os.WriteFile(path, []byte(s.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != s.text {
		t.Errorf("Traefik's structures have changed: see -update-structure. They are\n%s", s.text)
	}
}

type structures struct {
	names map[reflect.Type]string
	taken map[string]bool
	text  string
}

// name returns what a type is called: two packages may have one of a name.
func (s *structures) name(t reflect.Type) string {
	if s.names[t] == "" {
		name := t.Name()
		if s.taken[name] {
			name = t.String()
		}
		s.taken[name] = true
		s.names[t] = name
	}
	return s.names[t]
}

// add writes the line of a type, and then those of the types below.
func (s *structures) add(t reflect.Type) {
	line, below := s.name(t)+":", []reflect.Type{}
	for _, f := range fieldsOf(t) {
		name := f.Tag.Get("json")
		name, _, _ = strings.Cut(name, ",")
		if name == "-" || f.Tag.Get("file") == "-" {
			name = "-" + strings.ToLower(f.Name[:1]) + f.Name[1:]
		} else if !strings.EqualFold(name, f.Name) {
			name = strings.ToLower(f.Name[:1]) + f.Name[1:]
		}
		label := f.Tag.Get(parser.TagLabelSliceAsStruct)
		if label != "" {
			name += "|" + label
		}
		ft := f.Type
		kind := ""
		switch ft.Kind() {
		case reflect.Map:
			ft, kind = ft.Elem(), "{}"
		case reflect.Slice:
			ft, kind = ft.Elem(), "[]"
		}
		if ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct {
			if s.names[ft] == "" {
				below = append(below, ft)
			}
			name += kind + "=" + s.name(ft)
		}
		line += " " + name
	}
	s.text += line + "\n"
	for _, ft := range below {
		s.add(ft)
	}
}

// fieldsOf returns the exported fields, with those of what is embedded.
func fieldsOf(t reflect.Type) []reflect.StructField {
	fields := []reflect.StructField{}
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case !f.IsExported():
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			fields = append(fields, fieldsOf(f.Type)...)
		default:
			fields = append(fields, f)
		}
	}
	return fields
}

// Whether a field is known is what Traefik's own parsers say, of files and of labels.
func TestUnknownFields(t *testing.T) {
	r := newReader(t)
	for _, test := range []struct{ source, text, want string }{
		{"yaml", "http: {routers: {a: {middleware: [x], rule: r}}}", "http.routers.a.middleware"},
		{"yaml", "http: {routers: {a: {Middlewares: [x], RULE: r, defaultRule: true, tls: {domains: [{main: a}]}}}}", ""},
		{"yaml", "http: {routers: {a: {middleware: null, rule: r}}}", ""},
		{"yaml", "http: {router: {a: {rule: r}}}", "http.router"},
		{"yaml", "http: {routers: {a: {rule: r}}}\nmiddlewares: {a: {b: c}}", ""},
		{"yaml", "http: {services: {a: {loadBalancer: {servers: [{url: u}, {urls: u}]}}}}", "http.services.a.loadBalancer.servers[1].urls"},
		{"yaml", "http: {services: {a: {loadBalancer: {server: [{url: u}]}}}}", "http.services.a.loadBalancer.server"},
		{"yaml", "http: {services: {a: {loadBalancers: {servers: [{url: u}]}}}}", "http.services.a.loadBalancers"},
		{"yaml", "http: {middlewares: {a: {stripPrefix: {prefix: [/a]}}}}", "http.middlewares.a.stripPrefix.prefix"},
		{"yaml", "http: {middlewares: {a: {headers: {customRequestHeaders: {X-Any: b}}, plugin: {any: {b: c}}}}}", ""},
		{"yaml", "http: {middlewares: {a: {forwardAuth: {address: a, tls: {caOptional: true}}}}}", ""},
		{"yaml", "http: {middlewares: {a: {rateLimit: {redis: {tls: {caOptional: true}}}}}}", "http.middlewares.a.rateLimit.redis.tls.caOptional"},
		{"yaml", "tls: {options: {default: {minVersions: x}}}", "tls.options.default.minVersions"},
		{"yaml", "tcp: {routers: {a: {rules: x}}}", "tcp.routers.a.rules"},
		{"toml", "[http.routers.a]\nrule = 'r'\nmiddleware = ['x']", "http.routers.a.middleware"},
		{"toml", "[[http.services.a.loadBalancer.servers]]\nurl = 'u'", ""},
		{"labels", "traefik.http.routers.a.middleware=x", "traefik.http.routers.a.middleware"},
		{"labels", "traefik.http.routers.a.middlewares=x", ""},
		{"labels", "traefik.http.routers.a.tls.domains[0].main=x", ""},
		{"labels", "traefik.http.routers.a.tls.domains[0].name=x", "traefik.http.routers.a.tls.domains[0].name"},
		{"labels", "traefik.http.services.a.loadbalancer.server.port=80", ""},
		{"labels", "traefik.http.services.a.loadbalancer.servers.port=80", "traefik.http.services.a.loadbalancer.servers"},
		{"labels", "traefik.http.services.a.loadbalancer.server.prot=80", "traefik.http.services.a.loadbalancer.server.prot"},
		{"labels", "traefik.http.middlewares.a.stripprefix.prefixes=/a", ""},
		{"labels", "traefik.https.routers.a.rule=r", "traefik.https"},
		{"labels", "traefik.htttp.routers.a.rule=r", ""},
		{"labels", "traefik.tls.stores.default.defaultgeneratedcert.resolver=x", ""},
	} {
		var err error
		q := question{Source: test.source, Text: test.text}
		if test.source == "labels" {
			key, value, _ := strings.Cut(test.text, "=")
			_, err = label.DecodeConfiguration(map[string]string{key: value})
			q.Labels = []containerLabel{{key, value}}
		} else {
			err = file.DecodeContent(test.text, "."+test.source, &dynamic.Configuration{})
		}
		paths := r.ask(t, q).Unknown
		if paths == nil {
			t.Errorf("%s: check does not come to the fields", test.text)
		}
		if (err == nil) != (test.want == "") || strings.Join(paths, " ") != test.want {
			t.Errorf("%s: Traefik says %v, check finds %q, want %q", test.text, err, paths, test.want)
		}
	}
}
