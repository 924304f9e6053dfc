package jsonpath

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"
)

const document = `{"a":{"b":"1","c":null},"l":[{"x":"2"},{"x":"3"},{"y":"4"}],"n":[["5"],["6","7"]],"*":"8","o":{"p":{"l":["9"]},"q":{"l":["10"]}}}`

func TestValues(t *testing.T) {
	var root any
	if err := json.Unmarshal([]byte(document), &root); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{"a.b", "[1]"},
		{"a.c", "[<nil>]"},
		{"a.d.e", "[<nil>]"},
		{"l[1].x", "[3]"},
		{"l[9].x", "[<nil>]"},
		{"l[].x", "[2 3 <nil>]"},
		{"n[][]", "[5 6 7]"},
		{"n[1][0]", "[6]"},
		{"a[]", "[]"},
		{"*", "[8]"},
	} {
		path, problem := Parse(c.path)
		if problem != "" {
			t.Errorf("%s: %s", c.path, problem)
			continue
		}
		if got := fmt.Sprint(Values(root, path, 100)); got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
	path, _ := Parse("l[].x")
	if got := Values(root, path, 2); got != nil {
		t.Errorf("more than the limit: %v", got)
	}
	path, _ = ParseAny("o.*.l[]")
	texts := []string{}
	for _, value := range Values(root, path, 100) {
		texts = append(texts, fmt.Sprint(value))
	}
	sort.Strings(texts)
	if got := strings.Join(texts, " "); got != "10 9" {
		t.Errorf("any name: %s", got)
	}
}

func TestLeadsNowhere(t *testing.T) {
	var root any
	if err := json.Unmarshal([]byte(document), &root); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		want bool
	}{
		{"a.b", false}, {"a.c", true}, {"a.d", true}, {"a.d.e", true}, {"a.b.c", false}, {"l[3]", true}, {"l[]", false}, {"a[0]", false},
	} {
		path, _ := Parse(c.path)
		if got := LeadsNowhere(root, path); got != c.want {
			t.Errorf("%s: %v, want %v", c.path, got, c.want)
		}
	}
}

func TestNoPaths(t *testing.T) {
	for _, text := range []string{"", ".", "a.", ".a", "a..b", "a[", "a[1", "a[x]", "a[-1]", "a[0]b", strings.Repeat("a.", 16) + "a"} {
		path, problem := Parse(text)
		if problem == "" || path != nil {
			t.Errorf("%q is a path: %v", text, path)
		}
	}
}
