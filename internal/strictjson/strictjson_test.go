package strictjson

import (
	"encoding/json"
	"math/rand"
	"strings"
	"testing"
)

func TestObject(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{`{}`, ""},
		{" \r\n{ \"alg\" : \"RS256\" }\n", ""},
		{`{"a":{"b":1},"c":{"b":2},"d":[{"b":1},{"b":2}]}`, ""},
		{`{"a":"b\":","c\\":":\\\"","":null}`, ""},
		{`{"a<&>":"\u2028\ud83d\ude00","ß":1,"ẞ":"STRASSE"}`, "in different case"},
		{`{"<":1,">":2,"&":"\u0000"}`, ""},
		{`{"n":1E400,"m":-0.1e-7,"big":9223372036854775808}`, ""},
		{``, "is not one JSON object"},
		{`null`, "is not one JSON object"},
		{`[{}]`, "is not one JSON object"},
		{`"{}"`, "is not one JSON object"},
		{`{}{}`, "is not one JSON object"},
		{`{} x`, "is not one JSON object"},
		{`{"a":1,}`, "is not one JSON object"},
		{`{"a":01}`, "is not one JSON object"},
		{`{"a":NaN}`, "is not one JSON object"},
		{"\ufeff{}", "is not one JSON object"},
		{"{\"a\":\"\xff\"}", "is not UTF-8"},
		{`{"a":1,"a":1}`, "has a name twice"},
		{`{"exp":1,"\u0065xp":2}`, "has a name twice"},
		{`{"a":[{"b":1,"b":2}]}`, "has a name twice"},
		{`{"\ud800":1,"\ud801":2}`, "has a name twice"},
		{`{"a":{"x":1},"a":{"y":1,"z":2}}`, "has a name twice"},
		{`{"exp":1,"EXP":2}`, "has a name twice, in different case"},
		{`{"exp":1,"\u0045xp":2}`, "has a name twice, in different case"},
		{`{"a":{"kid":1,"\u212aid":2}}`, "has a name twice, in different case"},
		{`{"iss":1,"i\u017fs":2}`, "has a name twice, in different case"},
		{`{"a":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + `}`, "is not one JSON object"},
	} {
		object, problem := Object([]byte(c.text))
		if (c.says == "") != (problem == "") || !strings.Contains(problem, c.says) || (object == nil) != (problem != "") {
			t.Errorf("%.60q: %q, want %q", c.text, problem, c.says)
		}
	}
	object, _ := Object([]byte(`{"n":9223372036854775808}`))
	if number, ok := object["n"].(json.Number); !ok || number != "9223372036854775808" {
		t.Errorf("%v has lost digits", object)
	}
}

// Whatever is read is what encoding/json reads, and its names are all different.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":{"b":[1,"x:",null]}}`, `{"a":1,"A":2}`, `{"\u0061":1,"a":2}`, `{"a":"\\\":"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		object, problem := Object(content)
		if problem != "" {
			return
		}
		want := map[string]any{}
		if err := json.Unmarshal(content, &want); err != nil && !strings.Contains(err.Error(), "number") {
			t.Fatalf("%q: %v", content, err)
		}
		if len(object) != len(want) || count(object) != names(content) {
			t.Errorf("%q: %v", content, object)
		}
	})
}

// The short way says what the long one does, of every text that it is for.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":{"b":[1,"x:",null]}}`, `{"a":1,"A":2}`, `{"a":1,"a":2}`, `{"a":"<&>","b":1E5}`, ` { "a" : {"X":1,"x":2} } `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !json.Valid(content) || strings.ContainsAny(string(content), "\\") || strings.IndexFunc(string(content), func(r rune) bool { return r > 126 }) >= 0 {
			return
		}
		object, problem := plain(content)
		long, kept := encode(content)
		want := ""
		if long == nil {
			return
		}
		if names(kept) != names(content) {
			want = "has a name twice"
		} else if folded := []byte(strings.ToLower(strings.ToUpper(string(kept)))); want == "" {
			if _, again := encode(folded); names(again) != names(folded) {
				want = "has a name twice, in different case"
			}
		}
		if problem != want || (object == nil) != (want != "") {
			t.Fatalf("%q: %q, want %q", content, problem, want)
		}
	})
}

// count counts names as names does, in another way.
func count(value any) int {
	total := 0
	switch v := value.(type) {
	case map[string]any:
		for _, inner := range v {
			total += 1 + count(inner)
		}
	case []any:
		for _, inner := range v {
			total += count(inner)
		}
	}
	return total
}

// Object and what it leaves to anyObject say the same, of whatever text.
func TestUsualObjects(t *testing.T) {
	pieces := []string{"{", "}", `"a"`, `"a"`, `"b"`, `"A"`, `":x"`, `":"`, `"x:y"`, `"é"`, `"\u0061"`, ":", ":", ":", " :", ",", ",", "1", "true", "[", "]", " ", "\n", `"exp"`, `"EXP"`}
	g := rand.New(rand.NewSource(7519))
	read := 0
	for i := 0; i < 40000; i++ {
		text := "{"
		if g.Intn(3) > 0 { // an object that is nearly one
			for n := g.Intn(4); n >= 0; n-- {
				text += pieces[2+g.Intn(7)] + pieces[11+g.Intn(4)] + pieces[2+g.Intn(9)]
				if n > 0 {
					text += ","
				}
			}
		} else {
			for n := g.Intn(8); n > 0; n-- {
				text += pieces[g.Intn(len(pieces))]
			}
		}
		text += "}"
		object, problem := Object([]byte(text))
		other, otherwise := anyObject([]byte(text))
		if problem != otherwise || len(object) != len(other) {
			t.Errorf("%q: %v %q, and %v %q", text, object, problem, other, otherwise)
		}
		if problem == "" {
			read++
		}
	}
	if read < 1000 {
		t.Errorf("only %d were read", read)
	}
}
