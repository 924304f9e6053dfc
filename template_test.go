package hookward

import (
	"bytes"
	"strings"
	"testing"
)

func TestSignedTexts(t *testing.T) {
	cases := []struct {
		signs     string
		publicURL string
		want      string // the text, or the reason
	}{
		{"{body}", "", "BODY"},
		{"v0:{timestamp}:{body}", "", "v0:123:BODY"},
		{"{id}.{timestamp}.{body}", "", "msg_1.123.BODY"},
		{"{method}\n{path}?{query}\n{host}", "", "POST\n/a%2Fb/c?x=1&y=%20\nhooks.example.com:8443"},
		{"{header:x-extra}|{body}", "", "extra|BODY"},
		{"{header:X-Id}.{header:X-Ts}", "", "msg_1.123"},
		{"{{{body}}}", "", "{BODY}"},
		{"{url}{body}", "https://pub.example.com", "https://pub.example.com/a%2Fb/c?x=1&y=%20BODY"},
		{"{url}{body}", "https://pub.example.com/?x=1&y=%20", "https://pub.example.com/?x=1&y=%20BODY"},
		{"{url}", "http://pub.example.com:8080/hooks?x=1&y=%20", "http://pub.example.com:8080/hooks?x=1&y=%20"},
		{"{url}", "HTTPS://Pub.Example.com", "HTTPS://Pub.Example.com/a%2Fb/c?x=1&y=%20"},
		{"{header:X-Absent}{body}", "", signedFieldMissing},
		{"{header:X-Twice}{body}", "", signedFieldMissing},
		{"{header:X-Empty}{body}", "", signedFieldMissing},
		{"{header:X-Dots}.{body}", "", signedTextAmbiguous},
		{"{header:X-Dots}|{body}", "", "a.b|BODY"},
		{"{body}.{header:X-Dots}", "", signedTextAmbiguous},
		{"{body}|{header:X-Dots}", "", "BODY|a.b"},
		{"{header:X-Dots}..{body}", "", "a.b..BODY"},
		{"{header:X-Ends}..{body}", "", signedTextAmbiguous}, // "a...": which two dots?
		{"{body}..{header:X-Begins}", "", signedTextAmbiguous},
		{"{query}&{body}", "", signedTextAmbiguous},
		{"{query}\n{body}", "", "x=1&y=%20\nBODY"},
		{"{path}b{body}", "", signedTextAmbiguous},
		{"{header:X-Json}{timestamp}{body}", "", `{"a":123BODY`},
	}
	for _, c := range cases {
		raw := map[string]any{"secrets": docsSecret, "signature": map[string]any{
			"header": "X-Sig", "signs": c.signs, "idHeader": "X-Id", "timestampHeader": "X-Ts",
		}}
		if !bytes.Contains([]byte(c.signs), []byte("timestamp")) && !bytes.Contains([]byte(c.signs), []byte("X-Ts")) {
			delete(raw["signature"].(map[string]any), "timestampHeader")
		}
		if c.publicURL != "" {
			raw["publicURL"] = c.publicURL
		}
		s := mustCompile(t, raw).schemes[0]
		r := newPost("", "X-Id: msg_1", "X-Extra: extra", "X-Twice: a", "X-Twice: b", "X-Empty: ", "X-Dots: a.b", "X-Ends: a.", "X-Begins: .a", `X-Json: {"a":`)
		r.Host = "hooks.example.com:8443"
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "/a/b/c", "/a%2Fb/c", "x=1&y=%20"
		texts, reason := signedTexts(s, &message{request: r, body: []byte("BODY")}, &candidate{timestamp: "123"})
		got := string(bytes.Join(texts, nil))
		if reason != textsReady {
			got = reason
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.signs, got, c.want)
		}
	}
}

// A stranger who has one delivery must not be able to move bytes of its body
// into another part of the signed text.
func TestShiftedDeliveries(t *testing.T) {
	const body = `{"a":1.5,"admin":false}`
	cases := []struct {
		signs, id, query, body string // as signed
		otherID, otherQuery    string // as sent again, with the rest of the body
		otherBody              string
	}{
		{"{query}.{body}", "x", "tenant=1", body, "x", `tenant=1.{"a":1`, `5,"admin":false}`},
		{"{id}.{body}", "42", "", body, `42.{"a":1`, "", `5,"admin":false}`},
		{"{body}.{id}", "42", "", `{"amount":1.5}`, "5}.42", "", `{"amount":1`},
		{"{id}{timestamp}{body}", "42", "", `{"at":1772366400}`, `421772366400{"at":`, "", "}"},
		{"{id}..{body}", "42", "", ".x", "42.", "", "x"},
	}
	for _, c := range cases {
		signature := map[string]any{"header": "X-Sig", "signs": c.signs, "idHeader": "X-Id"}
		if strings.Contains(c.signs, "timestamp") {
			signature["timestampHeader"] = "X-Ts"
		}
		g := newTestGate("shift", map[string]any{"secrets": docsSecret, "signature": signature}, compile, testTime)
		text := strings.NewReplacer("{id}", c.id, "{query}", c.query, "{timestamp}", "1772366400", "{body}", c.body).Replace(c.signs)
		sig := "X-Sig: " + hexMACOf("hmac-sha256", docsSecret, text)
		sent := newPost(c.body, sig, "X-Id: "+c.id, "X-Ts: 1772366400")
		sent.URL.RawQuery = c.query
		if d := decide(g, sent, testTime); d.reason != verified {
			t.Errorf("%s: as signed: %s", c.signs, d.reason)
		}
		again := newPost(c.otherBody, sig, "X-Id: "+c.otherID, "X-Ts: 1772366400")
		again.URL.RawQuery = c.otherQuery
		if d := decide(g, again, testTime); d.reason != signedTextAmbiguous {
			t.Errorf("VULNERABLE: %s: shifted: %s", c.signs, d.reason)
		}
	}
}

func TestSideBySideIsWarnedOf(t *testing.T) {
	for signs, want := range map[string]string{
		"{id}{body}": "{id}", "{body}{id}": "{id}", "{url}{body}": "{url}", "{method}{url}{body}{timestamp}": "{url}",
		"{header:X-A}{header:X-B}.{body}": "{header:X-A}", "{path}{query}": "{path}",
		"{id}.{timestamp}.{body}": "", "{id}{timestamp}{body}": "", "{timestamp}{body}": "", "{body}{timestamp}": "", "{body}": "", "{method}{body}": "",
	} {
		parts, problem := parseSigns(signs, place{kind: "header", name: "X-Ts"}, place{kind: "header", name: "X-Id"})
		if problem != "" {
			t.Fatal(signs, problem)
		}
		if got := strings.Join(delimit(parts), ","); got != want {
			t.Errorf("%s: %q, want %q", signs, got, want)
		}
	}
}

func TestParseSignsMistakes(t *testing.T) {
	for _, signs := range []string{
		"{body}.{body}", strings.Repeat("{id}.", 25), "{header:X-" + strings.Repeat("a-", 9) + "b}", "{header:X Y}",
		"{header:a_" + strings.Repeat("a_", 8) + "b}",
	} {
		if _, problem := parseSigns(signs, place{}, place{}); problem == "" {
			t.Errorf("%q is accepted", signs)
		}
	}
}

func TestParsePublicURLMistakes(t *testing.T) {
	for _, text := range []string{"hooks.example.com", "//hooks.example.com", "ftp://x", "https://", "https://user@", "https://x?a=b", "https://x?", "https://x#y", "https://x#", "https://x y", "https://%zz"} {
		_, problem := parsePublicURL(text)
		if problem == "" {
			t.Errorf("%q is accepted", text)
		}
	}
}
