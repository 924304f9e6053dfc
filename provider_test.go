package hookward

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
)

// What a user writes takes the row's other option of the same place away, and the row's
// further forms where it describes the form: they would let pass what the user's does not.
func TestOverridesLeaveNothingOfTheRow(t *testing.T) {
	for _, c := range []struct {
		slug, section string
		user          map[string]any
		path          string // of the option that is looked at, below the section
		want          any
	}{
		{"websub", "signature", map[string]any{}, "Alternatives", 2},
		{"websub", "signature", map[string]any{"uncompressed": "true"}, "Alternatives", 2},
		{"websub", "signature", map[string]any{"format": "sha1={hex}"}, "Alternatives", 0},
		{"websub", "signature", map[string]any{"timestampUnit": "ms"}, "Alternatives", 0},
		{"websub", "signature", map[string]any{"header": "X-A"}, "Alternatives", 0},
		{"websub", "signature", map[string]any{"alternatives": "false"}, "Alternatives", 0},
		{"websub", "signature", map[string]any{"idHeader": "X-A", "eventField": "json:a", "senderField": "json:b"}, "Alternatives", 2},
		{"stripe", "signature", map[string]any{"field": "json:a"}, "Header", 0},
		{"braintree", "signature", map[string]any{"header": "X-A"}, "Field", ""},
		{"braintree", "signature", map[string]any{"header": nil, "idHeader": "X-A"}, "Field", "form:bt_signature"},
		{"linear", "signature", map[string]any{"timestampHeader": "X-A"}, "TimestampField", ""},
		{"slack", "signature", map[string]any{"timestampField": "json:a"}, "TimestampHeader", ""},
		{"github", "signature", map[string]any{"idField": "json:a"}, "IDHeader", ""},
		{"github", "signature", map[string]any{"eventField": "json:a"}, "EventHeader", ""},
		{"github", "signature", map[string]any{"eventField": "json:a"}, "IDHeader", "X-GitHub-Delivery"},
		{"gitlab", "token", map[string]any{"query": "a"}, "Header", ""},
		{"gitlab", "token", map[string]any{"query": "a"}, "IDHeader", "Idempotency-Key"},
		{"gitlab", "token", map[string]any{"idField": "json:a"}, "Header", "X-Gitlab-Token"},
		{"gitlab", "token", map[string]any{"idField": "json:a"}, "IDHeader", ""},
		{"cloudevents", "token", map[string]any{"basic": "true"}, "Bearer", false},
		{"cloudevents", "token", map[string]any{"basicUser": "a"}, "Query", ""},
		{"cloudevents", "token", map[string]any{"basic": "false"}, "Query", "access_token"},
	} {
		n := &config.Notes{}
		options, row := config.DecodeOnRow(n, map[string]any{"provider": c.slug, c.section: c.user})
		section := reflect.ValueOf(options.Signature)
		if c.section == "token" {
			section = reflect.ValueOf(options.Token)
		}
		got := section.Elem().FieldByName(c.path)
		value := got.Interface()
		if got.Kind() == reflect.Slice {
			value = got.Len()
		}
		if value != c.want || len(n.Problems) > 0 {
			t.Errorf("%s with %v: %s is %v, want %v %q", c.slug, c.user, c.path, value, c.want, n.Problems)
		}
		if !reflect.DeepEqual(row, config.ReadRow(c.slug)) {
			t.Errorf("VULNERABLE: %s with %v changes the row", c.slug, c.user)
		}
	}
}

// What a sender repeats with its first timestamp passes where replay lets it pass once, or
// else a warning says what is lost, unless the operator has said what is meant.
func TestRetriesAndTolerance(t *testing.T) {
	for name, c := range map[string]struct {
		provider  string
		more      map[string]any
		tolerance time.Duration
		warns     bool
	}{
		"nothing":            {"linear", nil, time.Minute, true},
		"replay":             {"linear", map[string]any{"replay": map[string]any{}}, 7*time.Hour + 5*time.Minute, false},
		"replay, a word":     {"linear", map[string]any{"replay": "true"}, 7*time.Hour + 5*time.Minute, false},
		"the least window":   {"linear", map[string]any{"replay": map[string]any{"window": "14h11m"}}, 7*time.Hour + 5*time.Minute, false},
		"a shorter window":   {"linear", map[string]any{"replay": map[string]any{"window": "14h10m"}}, time.Minute, true},
		"all are forwarded":  {"linear", map[string]any{"replay": map[string]any{"onDuplicate": "forward"}}, time.Minute, true},
		"the operator's":     {"linear", map[string]any{"tolerance": "1m"}, time.Minute, false},
		"both":               {"linear", map[string]any{"tolerance": "1m", "replay": map[string]any{}}, time.Minute, false},
		"in another case":    {"linear", map[string]any{"Tolerance": "1m", "replay": map[string]any{}}, time.Minute, false},
		"another row":        {"mailgun", map[string]any{"replay": map[string]any{}}, 8*time.Hour + 10*time.Minute, false},
		"a row without them": {"slack", map[string]any{"replay": map[string]any{}}, 5 * time.Minute, false},
	} {
		raw := map[string]any{"provider": c.provider, "secrets": hooktest.DocsSecret}
		for option, value := range c.more {
			raw[option] = value
		}
		made := policy.Compile(raw)
		if made.Policy == nil {
			t.Errorf("%s: %q", name, made.Problems)
			continue
		}
		warnings := strings.Join(config.Sentences(made.Warnings), " ")
		if got := made.Policy.Schemes[0].Tolerance; got != c.tolerance || strings.Contains(warnings, "tolerance") != c.warns {
			t.Errorf("%s: %s, %q", name, got, warnings)
		}
	}
}

// Where different events are equal to the byte, replay would keep all but the first.
func TestReplayOfAlikeEvents(t *testing.T) {
	for name, c := range map[string]struct {
		replay any
		good   bool
	}{
		"replay":     {map[string]any{"window": "24h"}, false},
		"reject":     {map[string]any{"onDuplicate": "reject"}, false},
		"forward":    {map[string]any{"onDuplicate": "forward"}, true},
		"by an id":   {map[string]any{"by": "delivery"}, false}, // there is none
		"no section": {nil, true},
	} {
		made := policy.Compile(map[string]any{"provider": "dropbox", "secrets": hooktest.DocsSecret, "replay": c.replay})
		if (made.Policy != nil) != c.good || !c.good && !strings.Contains(strings.Join(config.Sentences(made.Problems), " "), "replay") {
			t.Errorf("%s: %q", name, made.Problems)
		}
	}
}
