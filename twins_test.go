package hookward

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/jsonpath"
)

// Names that stand twice, however they are spelt.
func TestTwins(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}`: false, `{"a":1,"a":2}`: true, `{"a":1,"A":2}`: true, `{"k":1,"\u212a":2}`: true, `{"s":1,"\u017f":2}`: true,
		`{"a":1,"\u0061":2}`: true, `{"a":{"b":1,"b":2}}`: true, `[{"a":1,"a":1}]`: true, `{"a":"a","b":"a"}`: false, `"x"`: false, ``: false, `{`: true, `{"a"`: true, `x`: true,
		`{"a":1}{"b":1}`: false, strings.Repeat("[", 30000): true, "[" + strings.Repeat("1,", 30000) + "1]": true,
	} {
		if got := hasTwins([]byte(text), nil); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
	// Where it is known what is signed, other names are anybody's.
	signed := addPath(nil, 0, []jsonpath.Step{{Name: "a"}, {Item: jsonpath.Every}, {Name: "b"}})
	for text, want := range map[string]bool{
		`{"a":[{"b":1}],"c":1,"C":2,"c":3}`: false, `{"a":[{"b":1,"c":2,"C":3}]}`: false, `{"a":[{"b":{"b":1,"B":2}}]}`: false,
		`{"a":[{"b":1,"B":2}]}`: true, `{"a":[{"B":2}]}`: true, `{"a":[],"A":[]}`: true, `{"a":[],"a":[]}`: true, `{"A":[]}`: true, `{"a":"` + "\xff" + `"}`: true,
	} {
		if got := hasTwins([]byte(text), signed); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
	// Paths with dots and brackets, beside objects in objects.
	signed = addPath(nil, 0, []jsonpath.Step{{Name: "data"}, {Name: "id"}})
	for text, want := range map[string]bool{
		`{"data":{"id":1},"data.id":2}`: true, `{"data":{"id":1},"data[id]":2}`: true, `{"data[id]":2}`: true, `{"data":{"id":1},"Data[ID]":2}`: true, `{"data":{"id":1,"id[]":2}}`: true,
		`{"data":{"id":1},"data.id.x":2}`: true, `{"data":{"id":1},"data[id][x]":2}`: true, `{"data":{"id":1},"data[]":2}`: true,
		`{"data":{"id":1},"data.x":2}`: false, `{"data":{"id":1},"x.data":2,"x[id]":3,".":4,"[":5,"data_id":6}`: false, `{"x":{"data.id":1,"data[id]":2},"data":{"id":1}}`: false,
	} {
		if got := hasTwins([]byte(text), signed); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
	signed = addPath(nil, 0, []jsonpath.Step{{Name: "data.id"}})
	for text, want := range map[string]bool{`{"data.id":1,"data[id]":2}`: true, `{"data[id]":2}`: true, `{"data.id":1,"data.x":2}`: false} {
		if got := hasTwins([]byte(text), signed); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
	for text, want := range map[string]bool{`{"a.b":1,"a[b]":2}`: true, `{"a.b":1,"a[c]":2}`: false} {
		if got := hasTwins([]byte(text), nil); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
}

// Names of fields that some parser takes for one that is signed.
func TestSoundsAlike(t *testing.T) {
	for signed, names := range map[string][]string{
		"data.id":  {"data[id]", "data_id", "data id", "data[id", "Data.ID", "data[id][]", "data.id[0]", "data[id][x]", "data.id.x", " data.id", "data.id\x00x"},
		"data[id]": {"data.id", "data_id", "DATA[ID]", "data.id[]", "data[id]"},
		"a[b][c]":  {"a.b.c", "a[b].c", "a.b[c]", "a_b_c"},
		"payload":  {"payload[]", "payload[x]", "payload.x", "Payload"},
	} {
		for _, name := range names {
			if !soundsAlike(name, signed) {
				t.Errorf("%q may be taken for %q", name, signed)
			}
		}
	}
	// Names of any length cost little.
	if long := strings.Repeat("[", 1<<20); soundsAlike(long, "data.id") || soundsAlike("data"+long, "data.id") {
		t.Error("a million brackets are not data.id")
	}
	for signed, names := range map[string][]string{
		"data.id": {"data", "id", "data.i", "data.idx", "data[x]", "data.x", "xdata.id", "data[idx]", "data-id"}, "payload": {"payloads", "x.payload", "x[payload]", "payload2", "pay.load"},
	} {
		for _, name := range names {
			if soundsAlike(name, signed) {
				t.Errorf("%q is not %q", name, signed)
			}
		}
	}
}
