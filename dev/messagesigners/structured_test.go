package messagesigners

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/dunglas/httpsfv"

	"github.com/hookward/hookward/internal/structured"
)

// pieces are what structured fields are made of, whole and broken.
var pieces = []string{
	"a", "sig1", "*x", "B", "a.b-c_d", "=", "=", "=", "(", ")", " ", "  ", "\t", ",", ", ", ";", "; ", `"x"`, `"a\"b"`, `"a\\b"`, `"`, `\`, "1", "007", "-0", "-5", "1.50", "1.2345", "999999999999999", "1000000000000000",
	":AAAA:", ":AA==:", "::", ":", "?1", "?0", "?2", "token", "t/o:k*n", "@1", "@-1", "created", "keyid", "é", "\x00", "%", `"@method"`, "?", "-", ".",
}

// compare holds both parsers against each other. It returns whether both have read the text.
func compare(t *testing.T, text string) bool {
	t.Helper()
	members, ok := structured.ParseDictionary(text)
	theirs, err := httpsfv.UnmarshalDictionary([]string{text})
	if !ok {
		if err == nil && !isStricter(text, theirs) {
			t.Errorf("%q is malformed, and others read it", text)
		}
		return false
	}
	if err != nil {
		if !hasOddBytes(members) {
			t.Errorf("%q is read, and others say %v", text, err)
		}
		return false
	}
	want, err := httpsfv.Marshal(theirs)
	if err != nil {
		t.Errorf("%q: %v", text, err)
		return false
	}
	if got := structured.SerialiseDictionary(members); got != want {
		t.Errorf("%q is written %q, and by others %q", text, got, want)
	}
	return true
}

// hasOddBytes says whether there are bytes that are in no base64: who needs them decodes
// them, because AdCP's are in base64url.
func hasOddBytes(members []structured.Member) bool {
	values := []structured.Value{}
	for i := range members {
		values = append(values, members[i].Value)
		for _, p := range members[i].Parameters {
			values = append(values, p.Value)
		}
		for _, item := range members[i].List {
			values = append(values, item.Value)
			for _, p := range item.Parameters {
				values = append(values, p.Value)
			}
		}
	}
	for _, v := range values {
		if _, ok := structured.Decode(v); v.Kind == structured.Bytes && !ok {
			return true
		}
	}
	return false
}

// isStricter says whether a text is one of those that are refused although the RFC lets
// them be read: a name twice, and Display Strings.
func isStricter(text string, theirs *httpsfv.Dictionary) bool {
	written, err := httpsfv.Marshal(theirs)
	if err != nil {
		return true
	}
	return strings.Contains(text, `%"`) || strings.Count(text, "=")+strings.Count(text, ";")+strings.Count(text, ",") > strings.Count(written, "=")+strings.Count(written, ";")+strings.Count(written, ",")
}

func TestStructuredFields(t *testing.T) {
	random := rand.New(rand.NewSource(9651))
	read := 0
	for range 200000 {
		text := ""
		for range 1 + random.Intn(12) {
			text += pieces[random.Intn(len(pieces))]
		}
		if compare(t, text) {
			read++
		}
	}
	if read < 2000 {
		t.Errorf("only %d were read by both", read)
	}
	t.Logf("%d of 200,000 were read by both", read)
}

func FuzzStructuredFields(f *testing.F) {
	for _, text := range []string{`sig1=("@method" "a";key="b");created=1;keyid="k"`, "sha-256=:AAAA:, md5=:AA==:", `a=1;x, b, c=?0`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { compare(t, text) })
}
