package introspect

import (
	"testing"

	"github.com/hookward/hookward/internal/config"
)

// A client outlives a reload while it is asked in the same way, and by the same secret.
func TestAsks(t *testing.T) {
	o := &config.IntrospectionOptions{URL: "https://as.example.com/introspect", ClientID: "gate", ClientSecret: "env:SECRET"}
	if problems := Complete(o); len(problems) > 0 {
		t.Fatal(problems)
	}
	c := New(*OptionsOf(o, "secret"), nil)
	if !Asks(c, *OptionsOf(o, "secret")) {
		t.Error("it does not ask by its own options")
	}
	if Asks(c, *OptionsOf(o, "another")) || o.ClientSecret != "env:SECRET" {
		t.Error("it asks by a secret that has changed, or the options are written to")
	}
	o.Cache *= 2
	if Asks(c, *OptionsOf(o, "secret")) {
		t.Error("it asks by other options")
	}
}
