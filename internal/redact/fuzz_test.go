package redact

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"net/url"
	"strings"
	"testing"
)

var someNames = []string{"a", "b", "c", "password", "pass_word", "TOKEN", "a.b", "a[0][c]", "user[pin]", "x@example.com", "", "_", "é", "sig"}

var someTexts = []string{"", "x", "y\"z\\", "\n{", "{\"", "4111111111111111", "a b@example.com, c", "DE89370400440532013000", "<&>", "é\u2028", "[1]", "{}", "\"q\"", "[REDACTED]", "/\b\f\r\t", "\x00", "https://x/?a=1&to\\/ken=s#b", "see /a?r=%2Fb%3Fcode%3Ds%26d&e\n&key=f"}

// generate writes a random document.
func generate(random *rand.Rand, depth int) string {
	switch random.Intn(8) {
	case 0, 1, 2:
		if depth < 4 {
			parts := []string{}
			for i := random.Intn(4); i >= 0; i-- {
				parts = append(parts, gap(random)+quoted(random, someNames[random.Intn(len(someNames))])+gap(random)+":"+gap(random)+generate(random, depth+1)+gap(random))
			}
			return "{" + strings.Join(parts, ",") + "}"
		}
	case 3:
		if depth < 4 {
			parts := []string{}
			for i := random.Intn(4); i > 0; i-- {
				parts = append(parts, gap(random)+generate(random, depth+1))
			}
			return "[" + strings.Join(parts, ",") + gap(random) + "]"
		}
	case 4:
		if depth < 4 {
			return quoted(random, generate(random, depth+1))
		}
	case 5:
		return []string{"0", "-1.5e3", "true", "false", "null", "4111111111111111", "4.111111111111111e15", "123456789012345678"}[random.Intn(8)]
	}
	return quoted(random, someTexts[random.Intn(len(someTexts))])
}

func gap(random *rand.Rand) string {
	return []string{"", "", "", " ", "\n\t", "\r\n"}[random.Intn(6)]
}

// quoted writes a text as a JSON string, some of its characters as \u.
func quoted(random *rand.Rand, text string) string {
	if random.Intn(4) != 0 {
		plain, _ := json.Marshal(text)
		return string(plain)
	}
	written := `"`
	for _, c := range text {
		plain, _ := json.Marshal(string(c))
		if random.Intn(3) == 0 && c < 0x10000 {
			plain = []byte(fmt.Sprintf(`"\u%04x"`, c))
		}
		written += string(plain[1 : len(plain)-1])
	}
	return written + `"`
}

var somePaths = []string{"", "a", "a.b", "**.b", "*.c", "a.**.c b", "a.c **.a.a", "*", "*.*", "**.c.*", "[].a é"}

func TestModel(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	for i := 0; i < 400; i++ {
		body := generate(random, 0)
		if body[0] != '{' && body[0] != '[' {
			body = "[" + body + "]"
		}
		check(t, body, somePaths[random.Intn(len(somePaths))], random.Intn(8), random.Intn(len(body)+1))
	}
}

// Whatever the body, or else the document that a seed makes: the rendition of JSON is what the model says, valid also where
// it is cut off; and no rule and no limit shows what is not shown without it.
func FuzzBody(f *testing.F) {
	random := rand.New(rand.NewSource(8))
	for i := 0; i < 40; i++ {
		f.Add(generate(random, 0), somePaths[i%len(somePaths)], uint8(i), uint16(i*3), int64(0))
		f.Add("", somePaths[i%len(somePaths)], uint8(i), uint16(i*3), int64(i))
	}
	for _, body := range []string{
		"password=s&a[b]=c&payload=%7B%22token%22%3A1%7D", "a=b&&c&%70in=1", `{"a":"{\"b\":\"{\\\"c\\\":1}\"}"}`, `{"a":4.111111111111111e15,"b":["x@example.com"]}`,
		`{"a":{"b":[1,2,{"c":"d"}],"token":["x",{"y":[]}]},"e":"f"}`, "[[[[1,2],3],4],5]", strings.Repeat("[", 70) + strings.Repeat("]", 70), `["{'a': 'b'}"]`,
	} {
		f.Add(body, "a.b **.c", uint8(7), uint16(20), int64(0))
	}
	f.Fuzz(func(t *testing.T, body, paths string, which uint8, limit uint16, seed int64) {
		if body == "" {
			body = "[" + generate(rand.New(rand.NewSource(seed)), 0) + "]"
		}
		if len(body) > 2000 || strings.Count(paths, ".") > 12 {
			return
		}
		check(t, body, paths, int(which), int(limit))
	})
}

// Whatever the query: the value of a secret's name is not shown, and nothing that
// is not in it, but the marker; less of a query shows less.
func FuzzQuery(f *testing.F) {
	for _, raw := range []string{"a=b&token=s", "key=s&a[b]=c", "%70in=s", "a=eyJhbGciOiJIUzI1NiJ9.e30.s", "x@example.com=y", "a=%7B%22pin%22%3A1%7D", "a;b", "a=%", "&&", "=", "a"} {
		f.Add(raw, uint8(10))
	}
	rules, _ := Compile([]string{"a.b"}, []string{"email"}, []string{"by name"})
	none, _ := Compile(nil, nil, nil)
	f.Fuzz(func(t *testing.T, raw string, limit uint8) {
		got := Query(rules, raw, len(raw))
		if got == Marker {
			return
		}
		part := Query(rules, raw, int(limit))
		open := Query(none, raw, int(limit))
		if !strings.HasPrefix(got, part) || strings.Count(open, "&") != strings.Count(part, "&") {
			t.Errorf("%q: %q %q %q", raw, got, part, open)
		}
		pairs := strings.Split(got, "&")
		shown := strings.Split(open, "&")
		for i, pair := range strings.Split(part, "&") {
			if pair != shown[i] && !strings.Contains(pair, Marker) {
				t.Errorf("VULNERABLE: %q: %q, %q", raw, pair, shown[i])
			}
		}
		for i, pair := range strings.Split(raw, "&") {
			written, value, has := strings.Cut(pair, "=")
			name, err := url.QueryUnescape(written)
			text, _ := url.QueryUnescape(value)
			secret := err != nil || isSecretName(name) || queryNames[fold(name)] || name == "by name" || webToken.MatchString(text)
			if has && secret && !strings.HasSuffix(pairs[i], "="+Marker) || !strings.Contains(pairs[i], Marker) && pairs[i] != pair {
				t.Errorf("VULNERABLE: %q: %q", raw, pairs[i])
			}
		}
	})
}
