package checkup

import (
	"path/filepath"
	"strings"
	"testing"
)

const (
	guardedRouter = "g: {rule: \"Host(`h`) && Path(`/github`)\", priority: 100, middlewares: [m], service: ci%}\n"
	entryPoints   = "entryPoints: {web: {address: ':80'}, secure: {address: ':443', http: {tls: {}}}, traefik: {address: ':8080'}}\n"
)

// A deny router counts where it denies all that another router takes, and nowhere else.
func TestDenyRouters(t *testing.T) {
	for name, c := range map[string]struct {
		guarded, other, deny string // the ends of routers, after the rule and the priority
		static               string
		want                 string
	}{
		"good":                           {"", "r Host(`h`), service: ci", "Host(`h`)", "", ""},
		"good, by a pattern":             {"", "r Host(`h`), service: ci", "PathRegexp(`(?i)^/github`)", "", ""},
		"none":                           {"", "r Host(`h`), service: ci", "", "", "unguarded-route"},
		"no TLS":                         {", tls: {}", "r Host(`h`), service: ci, tls: {}", "Host(`h`)", "", "unguarded-route"},
		"no TLS, another service":        {", tls: {}", "r Host(`h`), service: shop, tls: {}", "Host(`h`)", "", "no-deny-router"},
		"TLS":                            {", tls: {}", "r Host(`h`), service: ci, tls: {}", "Host(`h`), tls: {}", "", ""},
		"TLS, another service":           {", tls: {}", "r Host(`h`), service: shop, tls: {}", "Host(`h`), tls: {}", "", ""},
		"TLS of its own, one plain":      {", tls: {}", "r Host(`h`), service: ci", "Host(`h`), tls: {}", "", "unguarded-route"},
		"TLS of the entry point":         {", tls: {}", "r Host(`h`), service: ci, entryPoints: [secure]", "Host(`h`), entryPoints: [secure]", entryPoints, ""},
		"TLS at some entry points":       {"", "r Host(`h`), service: ci, tls: {}", "Host(`h`)", entryPoints, "unguarded-route"},
		"another service that is plain":  {", tls: {}, entryPoints: [web]", "r Host(`h`), service: shop, entryPoints: [web]", "", entryPoints, ""},
		"any host":                       {"", "r PathPrefix(`/`), service: ci", "Host(`h`)", "", "unguarded-route"},
		"any host by a pattern":          {"", "r HostRegexp(`.+`), service: ci", "Host(`h`)", "", "unguarded-route"},
		"any host, denied":               {"", "r PathPrefix(`/`), service: ci", "PathRegexp(`(?i)^/github`)", "", ""},
		"any host, another service":      {"", "r PathPrefix(`/`), service: shop", "Host(`h`)", "", ""},
		"another host":                   {"", "r Host(`www`), service: ci", "Host(`h`)", "", "unguarded-route"},
		"another host, denied":           {"", "r Host(`www`), service: ci", "Host(`www`) && PathRegexp(`(?i)^/github`)", "", ""},
		"another host and path":          {"", "r Host(`www`) && Path(`/pages`), service: ci", "", "", ""},
		"another host, another service":  {"", "r Host(`www`), service: shop", "", "", ""},
		"one of two hosts":               {"", "r Host(`h`) || Host(`www`), service: ci", "Host(`h`)", "", "unguarded-route"},
		"both of two hosts":              {"", "r Host(`h`) || Host(`www`), service: ci", "Host(`h`) || Host(`www`)", "", ""},
		"one spelling":                   {"", "r Host(`h`), service: ci", "Host(`h`) && PathPrefix(`/github`)", "", "unguarded-route"},
		"another entry point":            {"", "r Host(`h`), service: ci", "Host(`h`), entryPoints: [admin]", "", "unguarded-route"},
		"one of two entry points":        {", entryPoints: [web, two]", "r Host(`h`), service: ci, entryPoints: [web, two]", "Host(`h`), entryPoints: [web]", "", "unguarded-route"},
		"both entry points":              {", entryPoints: [web, two]", "r Host(`h`), service: ci, entryPoints: [web, two]", "Host(`h`), entryPoints: [two, web]", "", ""},
		"where g and r meet":             {", entryPoints: [web]", "r Host(`h`), service: shop, entryPoints: [web, two]", "Host(`h`), entryPoints: [web]", "", ""},
		"where r is alone":               {", entryPoints: [web]", "r Host(`h`), service: ci, entryPoints: [web, two]", "Host(`h`), entryPoints: [web]", "", "unguarded-route"},
		"all that are known":             {"", "r Host(`h`), service: ci", "Host(`h`), entryPoints: [web, secure]", entryPoints, ""},
		"redirected":                     {"", "r Host(`h`), service: ci, middlewares: [redir]", "", "", ""},
		"redirected, but with TLS":       {", tls: {}", "r Host(`h`), service: ci, middlewares: [redir], tls: {}", "", "", "unguarded-route"},
		"redirected, and at TLS as well": {"", "r Host(`h`), service: ci, middlewares: [redir]", "", entryPoints, "unguarded-route"},
		"redirected at one without TLS":  {", entryPoints: [secure]", "r Host(`h`), service: ci, middlewares: [redir], entryPoints: [web]", "", entryPoints, ""},
		"guarded by the same gate":       {"", "r Host(`h`), service: shop", "Host(`h`), middlewares: [m]", "", "no-deny-router no-deny-router"},
	} {
		t.Run(name, func(t *testing.T) {
			router := func(priority, text, service string) string {
				rule, rest, _ := strings.Cut(text, ", ")
				if rest != "" {
					rest = ", " + rest
				}
				return "{rule: \"" + rule + "\", priority: " + priority + rest + service + "}\n"
			}
			text := "http:\n  routers:\n    " + strings.Replace(guardedRouter, "%", c.guarded, 1) + "    r: " + router("1", strings.TrimPrefix(c.other, "r "), "")
			if c.deny != "" {
				text += "    d: " + router("50", c.deny, ", service: noop@internal")
			}
			text += `  middlewares: {redir: {redirectScheme: {scheme: https}}, m: {plugin: {hookward: {provider: github, secrets: ["env:S"]}}}}
  services: {ci: {loadBalancer: {servers: [{url: "http://ci"}]}}, shop: {loadBalancer: {servers: [{url: "http://shop"}]}}}
`
			directory := t.TempDir()
			write(t, filepath.Join(directory, "a.yml"), text)
			if c.static != "" {
				write(t, filepath.Join(directory, "traefik.yml"), c.static+"experimental: {abortOnPluginFailure: true, localPlugins: {hookward: {moduleName: github.com/hookward/hookward}}}\n")
			}
			report := Run([]string{directory}, nil, Options{})
			if got := rulesOf(report); got != c.want {
				t.Errorf("found %q, want %q: %+v\n%s", got, c.want, report.Findings, text)
			}
		})
	}
}
