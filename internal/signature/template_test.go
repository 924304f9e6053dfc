package signature

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/message"
)

func TestSideBySideIsWarnedOf(t *testing.T) {
	for signs, want := range map[string]string{
		"{id}{body}": "{id}", "{body}{id}": "{id}", "{url}{body}": "{url}", "{method}{url}{body}{timestamp}": "{url}",
		"{header:X-A}{header:X-B}.{body}": "{header:X-A}", "{path}{query}": "{path}",
		"{id}.{timestamp}.{body}": "", "{id}{timestamp}{body}": "", "{timestamp}{body}": "", "{body}{timestamp}": "", "{body}": "", "{method}{body}": "",
	} {
		parts, problem := parseSigns(signs, message.Location{Kind: "header", Name: "X-Ts"}, message.Location{Kind: "header", Name: "X-Id"})
		if problem != "" {
			t.Fatal(signs, problem)
		}
		if got := strings.Join(delimit(parts), ","); got != want {
			t.Errorf("%s: %q, want %q", signs, got, want)
		}
	}
}

func TestParseSignsMistakes(t *testing.T) {
	for _, signs := range []string{
		"{body}.{body}", strings.Repeat("{id}.", 25), "{header:X-" + strings.Repeat("a-", 9) + "b}", "{header:X Y}",
		"{header:a_" + strings.Repeat("a_", 8) + "b}",
	} {
		if _, problem := parseSigns(signs, message.Location{}, message.Location{}); problem == "" {
			t.Errorf("%q is accepted", signs)
		}
	}
}

func TestParsePublicURLMistakes(t *testing.T) {
	for _, text := range []string{"hooks.example.com", "//hooks.example.com", "ftp://x", "https://", "https://user@", "https://x?a=b", "https://x?", "https://x#y", "https://x#", "https://x y", "https://%zz"} {
		_, problem := parsePublicURL(text)
		if problem == "" {
			t.Errorf("%q is accepted", text)
		}
	}
}
