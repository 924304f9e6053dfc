package inventory

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

var (
	// helmText is what stands in templates of Helm's, and in none of Traefik's.
	helmText = regexp.MustCompile(`\{\{[^}]*(?:\.Values\b|\.Release\b|\.Chart\b|\.Capabilities\b|\.Files\b|\binclude\b|\btpl\b|\btoYaml\b)`)
	// fileText is what a file of the file provider has at its top.
	fileText = regexp.MustCompile(`(?im)^(?:\{\{[^}]*\}\}|---|\s*\[+|\s*\{)?\s*["']?(?:http|tcp|udp|tls|routers|middlewares)["']?\s*(?:[:.=\]]|$)`)
	// traefikText is what some configuration of Traefik has.
	traefikText = regexp.MustCompile(`(?im)traefik|hookward|^\s*\[*["']?(?:http|tcp|udp|tls|entryPoints|providers|experimental)["']?\s*[:.=\]]`)
)

// isHelmTemplate says whether a file is a template that Helm renders: it is a
// configuration then, and not before.
func isHelmTemplate(file, text string, documents []*document.Node) bool {
	if !helmText.MatchString(text) {
		return false
	}
	return !isOther(documents) || strings.Contains(filepath.ToSlash(file), "templates/")
}

// isHTTP says whether a section is Traefik's http: others have one, too, such as Home
// Assistant. What is nearly right is Traefik's.
func isHTTP(n *document.Node) bool {
	if n == nil || n.Kind == document.Null || n.Kind == document.Map && len(n.Items) == 0 {
		return n != nil
	}
	for _, item := range n.Items {
		name := strings.ToLower(item.Name)
		if reading.IsHTTPSection(name) {
			return true
		}
		for _, beginning := range []string{"route", "middl", "servi"} {
			if strings.HasPrefix(name, beginning) {
				return true
			}
		}
	}
	return false
}
