package explain

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
)

// What is nearly a handshake is told what it lacks.
func TestExplainNamesCondition(t *testing.T) {
	form := "Content-Type: application/x-www-form-urlencoded"
	for body, want := range map[string]string{
		"ssl_check=10&token=t":      `field ssl_check of the form is \"10\", and not 1`,
		"ssl_check=1&ssl_check=1":   "field ssl_check of the form is there 2 times",
		"ssl_check=1&token=t&x=1":   "the form has other fields too",
		"ssl_check=&token=t":        "field ssl_check of the form is empty",
		"command=%2Fdeploy&token=t": "field ssl_check of the form is not there",
	} {
		_, text := explained(t, map[string]any{"provider": "slack", "secrets": hooktest.DocsSecret}, hooktest.NewPost(body, form), body, hooktest.TestTime)
		if !strings.Contains(text, want) {
			t.Errorf("%s: %s, want %s", body, text, want)
		}
	}
}

// The password of publicURL is not shown, however short it is.
func TestExplainHidesPassword(t *testing.T) {
	hooktest.Setenv(t, "TEST_PUBLIC_URL", "https://user:pa55@hooks.example.com/in")
	for _, option := range []string{"https://user:pa55@hooks.example.com/in", "https://user:pa55@hooks.example.com", "env:TEST_PUBLIC_URL"} {
		_, text := explained(t, map[string]any{"provider": "twilio", "secrets": hooktest.DocsSecret, "publicURL": option},
			hooktest.NewRequest("POST", "/in", "", "X-Twilio-Signature: "+strings.Repeat("A", 27)+"="), "", hooktest.TestTime)
		if strings.Contains(text, "pa55") || !strings.Contains(text, "hooks.example.com") {
			t.Errorf("%s: %s", option, text)
		}
	}
}
