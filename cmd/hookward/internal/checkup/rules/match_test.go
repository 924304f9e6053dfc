package rules

import (
	"strings"
	"testing"
)

func TestCovers(t *testing.T) {
	tests := []struct {
		broad, narrow string
		want          bool
	}{
		{"Host(`a`)", "Host(`a`) && Path(`/x`)", true},
		{"Host(`A`)", "Host(`a`) && Path(`/x`)", true},
		{"Host(`b`)", "Host(`a`) && Path(`/x`)", false},
		{"Host(`a`) && Path(`/x`)", "Host(`a`)", false},
		{"PathPrefix(`/`)", "Host(`a`)", true},
		{"HostRegexp(`.+`)", "Path(`/x`)", true},
		{"HostRegexp(`^[a-z]+\\.example\\.com$`)", "Host(`hooks.example.com`)", true},
		{"HostRegexp(`^[a-z]+\\.example\\.com$`)", "Host(`hooks.example.org`)", false},
		{"PathPrefix(`/x`)", "Path(`/x/y`)", true},
		{"PathPrefix(`/x/y`)", "PathPrefix(`/x`)", false},
		{"PathRegexp(`(?i)^/x`)", "Path(`/X/y`)", true},
		{"PathRegexp(`(?i)^/x`)", "PathPrefix(`/X`)", true},
		{"PathRegexp(`^/x$`)", "PathPrefix(`/x`)", false},
		{"Host(`a`) || Host(`b`)", "Host(`b`) && Method(`POST`)", true},
		{"Host(`a`) && (Path(`/x`) || PathPrefix(`/y`))", "Host(`a`) && Path(`/y/z`)", true},
		{"Host(`a`)", "Host(`a`) || Host(`b`)", false},
		{"Host(`a`, `b`)", "Host(`b`)", true},
		{"Method(`POST`)", "Host(`a`) && Method(`POST`)", true},
		{"Method(`GET`)", "Host(`a`) && Method(`POST`)", false},
		{"!Host(`a`)", "Host(`a`)", false},
		{"!Host(`a`)", "!Host(`a`) && Path(`/x`)", true},
		{"!(Host(`a`) || Path(`/x`))", "!Host(`a`) && !Path(`/x`)", true},
		{"!(Host(`a`) && Path(`/x`))", "!Path(`/x`)", true},
		{"!(Host(`a`) && Path(`/x`))", "Path(`/y`)", false},
		{"Header(`X`, `1`)", "Header(`X`, `1`) && Path(`/x`)", true},
		{"Header(`X`, `1`)", "Header(`X`, `2`) && Path(`/x`)", false},
		{`Host("a")`, "Host(`a`)", true},
		{"Host(`a`) && ", "Host(`a`)", false},
		{"", "Host(`a`)", false},
		{"Host(`a`", "Host(`a`)", false},
	}
	for _, test := range tests {
		if got := covers(parseRule(test.broad), parseRule(test.narrow)); got != test.want {
			t.Errorf("%s covers %s: %v, want %v", test.broad, test.narrow, got, test.want)
		}
	}
}

func TestApart(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"Host(`a`)", "Host(`b`)", true},
		{"Host(`a`)", "Host(`A`)", false},
		{"Path(`/github`)", "PathPrefix(`/pages`)", true},
		{"Path(`/github`)", "PathPrefix(`/GitHub/`)", false},
		{"Path(`/github`)", "PathRegexp(`^/pages`)", false},
		{"Host(`a`) && Path(`/x`)", "PathPrefix(`/y`) || Path(`/x`)", false},
		{"Host(`a`) && !Path(`/x`)", "Path(`/y`)", false},
		{"not a rule", "Host(`b`)", false},
	}
	for _, test := range tests {
		if got := apart(parseRule(test.a), parseRule(test.b)); got != test.want {
			t.Errorf("%s and %s are apart: %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

// A rule that is larger than anybody's is not understood, and takes no time.
func TestRuleIsBounded(t *testing.T) {
	for _, rule := range []string{
		strings.Repeat("(Host(`a`) || Host(`b`)) && ", 40) + "Host(`c`)",
		strings.Repeat("(", 100000) + "Host(`a`)",
		strings.Repeat("!", 100000) + "Host(`a`)",
	} {
		if got := parseRule(rule); got != nil {
			t.Errorf("%.20s... has %d alternatives", rule, len(got))
		}
	}
}
