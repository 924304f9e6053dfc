package message

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/jsonpath"
)

// Names that stand twice, however they are spelt.
func TestDuplicateNames(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}`: false, `{"a":1,"a":2}`: true, `{"a":1,"A":2}`: true, `{"k":1,"\u212a":2}`: true, `{"s":1,"\u017f":2}`: true,
		`{"a":1,"\u0061":2}`: true, `{"a":{"b":1,"b":2}}`: true, `[{"a":1,"a":1}]`: true, `{"a":"a","b":"a"}`: false, `"x"`: false, ``: false, `{`: true, `{"a"`: true, `x`: true,
		`{"a":1}{"b":1}`: false, strings.Repeat("[", 30000): true, "[" + strings.Repeat("1,", 30000) + "1]": true,
	} {
		if got := HasDuplicateNames([]byte(text), nil); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
	// Where it is known what is signed, other names are anybody's.
	signed := AddPath(nil, 0, []jsonpath.Step{{Name: "a"}, {Item: jsonpath.Every}, {Name: "b"}})
	for text, want := range map[string]bool{
		`{"a":[{"b":1}],"c":1,"C":2,"c":3}`: false, `{"a":[{"b":1,"c":2,"C":3}]}`: false, `{"a":[{"b":{"b":1,"B":2}}]}`: false,
		`{"a":[{"b":1,"B":2}]}`: true, `{"a":[{"B":2}]}`: true, `{"a":[],"A":[]}`: true, `{"a":[],"a":[]}`: true, `{"A":[]}`: true, `{"a":"` + "\xff" + `"}`: true,
	} {
		if got := HasDuplicateNames([]byte(text), signed); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
	// Paths with dots and brackets, beside objects in objects.
	signed = AddPath(nil, 0, []jsonpath.Step{{Name: "data"}, {Name: "id"}})
	for text, want := range map[string]bool{
		`{"data":{"id":1},"data.id":2}`: true, `{"data":{"id":1},"data[id]":2}`: true, `{"data[id]":2}`: true, `{"data":{"id":1},"Data[ID]":2}`: true, `{"data":{"id":1,"id[]":2}}`: true,
		`{"data":{"id":1},"data.id.x":2}`: true, `{"data":{"id":1},"data[id][x]":2}`: true, `{"data":{"id":1},"data[]":2}`: true,
		`{"data":{"id":1},".data.id":2}`: true, `{"data":{"id":1},"[data][id]":2}`: true, `{"data":{"id":1},"data[id]x":2}`: true, `{"data":{"id":1},"data..id":2}`: true, `{"data":{"id":1},"data]id":2}`: true, `{"data":{"id":1,"id.":2}}`: true,
		`{"data":{"id":1},"data.x":2}`: false, `{"data":{"id":1},"x.data":2,"x[id]":3,".":4,"[":5,"data_id":6}`: false, `{"x":{"data.id":1,"data[id]":2},"data":{"id":1}}`: false,
	} {
		if got := HasDuplicateNames([]byte(text), signed); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
	signed = AddPath(nil, 0, []jsonpath.Step{{Name: "data.id"}})
	for text, want := range map[string]bool{`{"data.id":1,"data[id]":2}`: true, `{"data[id]":2}`: true, `{"data.id":1,"data.x":2}`: false} {
		if got := HasDuplicateNames([]byte(text), signed); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
	for text, want := range map[string]bool{`{"a.b":1,"a[b]":2}`: true, `{"a.b":1,"a[c]":2}`: false} {
		if got := HasDuplicateNames([]byte(text), nil); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
}
