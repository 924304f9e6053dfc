package hookward

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
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
		{"{header:X-Absent}{body}", "", verdict.SignedFieldMissing},
		{"{header:X-Twice}{body}", "", verdict.SignedFieldMissing},
		{"{header:X-Empty}{body}", "", verdict.SignedFieldMissing},
		{"{header:X-Dots}.{body}", "", verdict.SignedTextAmbiguous},
		{"{header:X-Dots}|{body}", "", "a.b|BODY"},
		{"{body}.{header:X-Dots}", "", verdict.SignedTextAmbiguous},
		{"{body}|{header:X-Dots}", "", "BODY|a.b"},
		{"{header:X-Dots}..{body}", "", "a.b..BODY"},
		{"{header:X-Ends}..{body}", "", verdict.SignedTextAmbiguous}, // "a...": which two dots?
		{"{body}..{header:X-Begins}", "", verdict.SignedTextAmbiguous},
		{"{query}&{body}", "", verdict.SignedTextAmbiguous},
		{"{query}\n{body}", "", "x=1&y=%20\nBODY"},
		{"{path}b{body}", "", verdict.SignedTextAmbiguous},
		{"{header:X-Json}{timestamp}{body}", "", `{"a":123BODY`},
	}
	for _, c := range cases {
		raw := map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{
			"header": "X-Sig", "signs": c.signs, "idHeader": "X-Id", "timestampHeader": "X-Ts",
		}}
		if !bytes.Contains([]byte(c.signs), []byte("timestamp")) && !bytes.Contains([]byte(c.signs), []byte("X-Ts")) {
			delete(raw["signature"].(map[string]any), "timestampHeader")
		}
		if c.publicURL != "" {
			raw["publicURL"] = c.publicURL
		}
		s := mustCompile(t, raw).Schemes[0]
		r := hooktest.NewPost("", "X-Id: msg_1", "X-Extra: extra", "X-Twice: a", "X-Twice: b", "X-Empty: ", "X-Dots: a.b", "X-Ends: a.", "X-Begins: .a", `X-Json: {"a":`)
		r.Host = "hooks.example.com:8443"
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "/a/b/c", "/a%2Fb/c", "x=1&y=%20"
		texts, reason := signature.SignedTexts(s, &message.Message{Request: r, Body: []byte("BODY")}, &signature.Candidate{Timestamp: "123"})
		got := string(bytes.Join(texts, nil))
		if reason != verdict.TextsReady {
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
		g := newTestGate("shift", map[string]any{"secrets": hooktest.DocsSecret, "signature": signature}, hooktest.TestTime)
		text := strings.NewReplacer("{id}", c.id, "{query}", c.query, "{timestamp}", "1772366400", "{body}", c.body).Replace(c.signs)
		sig := "X-Sig: " + hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, text)
		sent := hooktest.NewPost(c.body, sig, "X-Id: "+c.id, "X-Ts: 1772366400")
		sent.URL.RawQuery = c.query
		if x := decide(g, sent, hooktest.TestTime); x.reason != verdict.Verified {
			t.Errorf("%s: as signed: %s", c.signs, x.reason)
		}
		again := hooktest.NewPost(c.otherBody, sig, "X-Id: "+c.otherID, "X-Ts: 1772366400")
		again.URL.RawQuery = c.otherQuery
		if x := decide(g, again, hooktest.TestTime); x.reason != verdict.SignedTextAmbiguous {
			t.Errorf("VULNERABLE: %s: shifted: %s", c.signs, x.reason)
		}
	}
}
