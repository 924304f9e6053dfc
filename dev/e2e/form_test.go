package e2e

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// TestSaysItsForm checks that hookward says once which version it is, and how it
// runs: an operator who has built a Traefik must be able to see what it does.
func TestSaysItsForm(t *testing.T) {
	form, err := gateway.TestedForm()
	if err != nil {
		t.Fatal(err)
	}
	how := map[gateway.Form]string{gateway.Interpreted: "interpreted by Traefik", gateway.Compiled: "compiled into Traefik"}[form]
	s := start(t, nil, []gate{{name: "gh", options: github}, {name: "other", options: github}}, gateway.Settings{})
	s.configure(t, "more", []gate{{name: "more", options: github}})
	lines := s.Stderr.Lines(`"log.level":"info"`)
	if len(lines) != 1 || !strings.Contains(lines[0], `"message":"hookward v`) || !strings.Contains(lines[0], how) {
		t.Errorf("hookward says %q, want one line with %q", lines, how)
	}
}
