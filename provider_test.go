package hookward

import (
	"reflect"
	"testing"
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
		n := &notes{}
		options, row := decodeOnRow(n, map[string]any{"provider": c.slug, c.section: c.user})
		section := reflect.ValueOf(options.Signature)
		if c.section == "token" {
			section = reflect.ValueOf(options.Token)
		}
		got := section.Elem().FieldByName(c.path)
		value := got.Interface()
		if got.Kind() == reflect.Slice {
			value = got.Len()
		}
		if value != c.want || len(n.problems) > 0 {
			t.Errorf("%s with %v: %s is %v, want %v %q", c.slug, c.user, c.path, value, c.want, n.problems)
		}
		if !reflect.DeepEqual(row, readRow(c.slug)) {
			t.Errorf("VULNERABLE: %s with %v changes the row", c.slug, c.user)
		}
	}
}
