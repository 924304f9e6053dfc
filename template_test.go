package hookward

import (
	"bytes"
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
		{"{url}{body}", "https://pub.example.com/", "https://pub.example.com/?x=1&y=%20BODY"},
		{"{url}", "http://pub.example.com:8080/hooks", "http://pub.example.com:8080/hooks?x=1&y=%20"},
		{"{url}", "HTTPS://Pub.Example.com", "HTTPS://Pub.Example.com/a%2Fb/c?x=1&y=%20"},
		{"{header:X-Absent}{body}", "", signedHeaderMissing},
		{"{header:X-Twice}{body}", "", signedHeaderMissing},
		{"{header:X-Empty}{body}", "", signedHeaderMissing},
		{"{header:X-Dots}.{body}", "", signedHeaderMalformed},
		{"{header:X-Dots}|{body}", "", "a.b|BODY"},
		{"{body}.{header:X-Dots}", "", "BODY.a.b"},
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
		s := mustCompile(t, raw).scheme
		r := newPost("", "X-Id: msg_1", "X-Extra: extra", "X-Twice: a", "X-Twice: b", "X-Empty: ", "X-Dots: a.b")
		r.Host = "hooks.example.com:8443"
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "/a/b/c", "/a%2Fb/c", "x=1&y=%20"
		texts, reason := signedTexts(s, r, []byte("BODY"), "123")
		got := string(bytes.Join(texts, nil))
		if reason != textsReady {
			got = reason
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.signs, got, c.want)
		}
	}
}

func TestParsePublicURLMistakes(t *testing.T) {
	for _, text := range []string{"hooks.example.com", "//hooks.example.com", "ftp://x", "https://", "https://user@x", "https://x?a=b", "https://x?", "https://x#y", "https://x#", "https://x y", "https://%zz"} {
		_, _, problem := parsePublicURL(text)
		if problem == "" {
			t.Errorf("%q is accepted", text)
		}
	}
}
