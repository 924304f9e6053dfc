package redact

import (
	"encoding/json"
	"strings"
	"testing"
)

// What is too deep is redacted whole, and no deeper than 64 levels, or four
// documents within each other.
func TestDepth(t *testing.T) {
	r := compiled(t, "**.x", "card")
	for _, c := range []struct {
		open, inner, shut string
		levels            int
		shown             bool
	}{
		{"[", `"s"`, "]", 64, true}, {"[", `"s"`, "]", 65, false}, {"[", `{"password":"s"}`, "]", 9000, false},
		{`{"a":`, `"s"`, "}", 64, true}, {`{"a":`, `"s"`, "}", 65, false}, {`{"a":`, `"s"`, "}", 9000, false},
		{`{"a":[`, `"s"`, "]}", 32, true}, {`{"a":[1,`, `"s"`, ",2]}", 33, false},
	} {
		body := strings.Repeat(c.open, c.levels) + c.inner + strings.Repeat(c.shut, c.levels)
		got, cut, ok := Body(r, []byte(body), false, much)
		if cut || !ok || !json.Valid([]byte(got)) || strings.Contains(got, `"s"`) != c.shown || strings.Contains(got, Marker) == c.shown {
			t.Errorf("%s, %d levels: %.500s %v %v", c.open, c.levels, got, cut, ok)
		}
	}
	for levels := 1; levels < 8; levels++ {
		text := `{"a":"s"}`
		for i := 1; i < levels; i++ {
			quoted, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			text = string(quoted)
			if i%2 == 1 {
				text = `{"b":` + text + `}`
			}
		}
		if text[0] == '"' {
			text = "[" + text + "]"
		}
		got, _, ok := Body(r, []byte(text), false, much)
		if !ok || !json.Valid([]byte(got)) || strings.Contains(got, "s\\") == strings.Contains(got, Marker) && levels > 1 {
			t.Errorf("%d levels: %s", levels, got)
		}
		if shown := !strings.Contains(got, Marker); shown != (levels <= 4) {
			t.Errorf("%d levels: %s", levels, got)
		}
	}
	body := strings.Repeat("[", 64) + `["s"],4111111111111111,[[],"s"]` + strings.Repeat("]", 64)
	got, _, ok := Body(r, []byte(body), false, much)
	if !ok || !json.Valid([]byte(got)) || strings.Trim(got, "[]") != `"[REDACTED]","[REDACTED]","[REDACTED]"` {
		t.Errorf("%s", got)
	}
	// Much that is too deep, side by side.
	body = strings.Repeat("[", 64) + strings.Repeat("[],", 5000) + `"s"` + strings.Repeat("]", 64)
	got, _, ok = Body(r, []byte(body), false, much)
	if !ok || !json.Valid([]byte(got)) || strings.Count(got, Marker) != 5000 {
		t.Errorf("%.200s", got)
	}
}

// No rule, and no byte less than there are, shows more of a document that is cut
// off; and its rendition is valid.
func TestLimit(t *testing.T) {
	body := `{"a":"first","b":{"password":"s1s","c":[12345,true,"x\"y"]}, "n\u0061me" : "Zoe","token":{"k":["s2s",{"l":"s3s"}]},"o":[[],{},{"e":"x@example.com"}],"last":-1.5}`
	none := compiled(t, "", "")
	all := compiled(t, "name **.e", "email")
	whole, _, _ := Body(none, []byte(body), false, much)
	seen := ""
	for limit := -1; limit <= len(body)+1; limit++ {
		got, cut, ok := Body(none, []byte(body), false, limit)
		if !ok || cut != (limit < len(body)) || got != "" && !json.Valid([]byte(got)) {
			t.Fatalf("%d: %s %v %v", limit, got, cut, ok)
		}
		open := strings.TrimRight(got, "]}")
		if !strings.HasPrefix(whole, open) || len(open) < len(strings.TrimRight(seen, "]}")) {
			t.Errorf("%d: %s after %s", limit, got, seen)
		}
		seen = got
		for _, secret := range []string{"s1s", "s2s", "s3s"} {
			if strings.Contains(got, secret) {
				t.Errorf("%d: %s", limit, got)
			}
		}
		less, _, _ := Body(all, []byte(body), false, limit)
		for _, text := range []string{"first", "12345", "true", `x\"y`, "Zoe", "example", "last", "1.5"} {
			if strings.Contains(less, text) && !strings.Contains(got, text) || strings.Contains(got, text) && limit < strings.Index(body, text) {
				t.Errorf("%d: %s shows %s, %s", limit, less, text, got)
			}
		}
	}
	if seen != whole {
		t.Errorf("%s, want %s", seen, whole)
	}
	for _, c := range []struct {
		body  string
		limit int
		want  string
	}{
		{`[12345,6]`, 4, `[]`}, {`[12345,6]`, 6, `[]`}, {`[12345,6]`, 7, `[12345]`}, {`["ab","cd"]`, 5, `["ab"]`}, {`["ab","cd"]`, 6, `["ab"]`},
		{`{"a":"b","c":1}`, 3, `{}`}, {`{"a":"b","c":1}`, 4, `{}`}, {`{"a":"b","c":1}`, 5, `{}`}, {`{"a":"b","c":1}`, 8, `{"a":"b"}`},
		{`{"a":"b","c":1}`, 12, `{"a":"b"}`}, {`{"a":"b","c":1}`, 14, `{"a":"b"}`}, {`{"a":{"b":[`, 0, ""}, {`{"a":"\\\\\""}`, 9, `{}`},
		{`{"a":"\\"}`, 9, `{"a":"\\"}`}, {"[\"\u00e9\"]", 3, `[]`}, {`   {"a":1}`, 2, ``}, {`   {"a":1}`, 4, `{}`},
	} {
		if c.limit == 0 {
			c.body += `]}}`
		}
		got, cut, ok := Body(none, []byte(c.body), false, c.limit)
		if got != c.want || !cut || !ok {
			t.Errorf("%s, %d: %s %v %v, want %s", c.body, c.limit, got, cut, ok, c.want)
		}
	}
	got, cut, ok := Body(none, []byte("[1] \r\n"), false, 3)
	if got != "[1]" || cut || !ok {
		t.Errorf("white space at the end: %s %v %v", got, cut, ok)
	}
}

// Bodies that are large, or of many parts, cost what their beginning costs.
func TestLarge(t *testing.T) {
	r := compiled(t, "**.x", "card email iban")
	for name, c := range map[string]struct{ body, want string }{
		"a long string":    {`{"a":1,"b":"` + strings.Repeat("x", 1<<22) + `"}`, `{"a":1}`},
		"many numbers":     {`[` + strings.Repeat("1,", 1<<20) + `1]`, `[` + strings.Repeat("1,", 8190) + `1]`},
		"many strings":     {`[` + strings.Repeat(`"",`, 1<<20) + `1]`, `[` + strings.Repeat(`"",`, 5460) + `""]`},
		"many lists":       {`[` + strings.Repeat("[],", 1<<20) + `1]`, `[` + strings.Repeat("[],", 5460) + `[]]`},
		"many names":       {`{` + strings.Repeat(`"a":1,`, 1<<19) + `"a":1}`, `{` + strings.Repeat(`"a":1,`, 2729) + `"a":1}`},
		"a redacted one":   {`{"a":1,"token":[` + strings.Repeat(`"s",`, 1<<20) + `1],"b":2}`, `{"a":1,"token":"[REDACTED]"}`},
		"a redacted text":  {`{"a":1,"token":"` + strings.Repeat("s", 1<<20) + `","b":2}`, `{"a":1}`},
		"many cards":       {`[` + strings.Repeat("4111111111111111,", 1<<17) + `1]`, `[` + strings.Repeat(`"[REDACTED]",`, 962) + `"[REDACTED]"]`},
		"a form":           {strings.Repeat("a=b&", 1<<20) + "a=b", strings.Repeat("a=b&", 4095) + "a=b"},
		"a field":          {"a=b&c=" + strings.Repeat("s", 1<<20), "a=b"},
		"one field":        {"a=" + strings.Repeat("s", 1<<20), ""},
		"many ampersands":  {strings.Repeat("&", 1<<20) + "a=b", strings.Repeat("&", 16383)},
		"objects in depth": {strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000), strings.Repeat(`{"a":`, 64) + `"[REDACTED]"` + strings.Repeat("}", 64)},
	} {
		got, cut, ok := Body(r, []byte(c.body), true, 16<<10)
		if got != c.want || !cut || !ok {
			t.Errorf("%s: %.300s (%d, want %d) %v %v", name, got, len(got), len(c.want), cut, ok)
		}
	}
}
