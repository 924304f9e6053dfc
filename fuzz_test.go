package hookward

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/jsonpath"
)

// Each target states its oracle. Findings go to testdata/fuzz/<target> and are
// committed with the fix; `go test` replays them.

// Oracle: what is accepted is an encoding of the bytes that were read, so that
// encoding them again gives the header back, up to the case of hexadecimal
// digits. Nothing panics.
func FuzzSignatureHeader(f *testing.F) {
	f.Add("sha256="+hexMAC, "")
	f.Add("t=12,v1="+hexMAC, "v1="+hexOther)
	f.Add("v1,"+stdMAC+" v1a,"+stdMAC, "")
	f.Add(rawURLMAC, urlMAC)
	formats := []string{"sha256={hex}", "{base64}", "{base64url}", "t={timestamp},v1={hex}", "t={timestamp},v1={hex},...", "v1,{base64} ...", "{hex};...", "t={timestamp},v1={hex} ...", "{timestamp},{hex},..."}
	f.Fuzz(func(t *testing.T, first, second string) {
		lines := []string{first}
		if second != "" {
			lines = append(lines, second)
		}
		for _, format := range formats {
			parsed, problem := parseFormat(format, nil)
			if problem != "" {
				t.Fatal(problem)
			}
			candidates, reason := readCandidates(&parsed, testedSize, lines)
			if reason != candidatesRead {
				if len(candidates) != 0 {
					t.Fatalf("%q: refused with candidates", format)
				}
				continue
			}
			if len(candidates) == 0 || len(candidates) > maxCandidates {
				t.Fatalf("%q: %d candidates", format, len(candidates))
			}
			for _, p := range candidates {
				written := render(format, p)
				if parsed.separator == "" && written[0] != first && !strings.EqualFold(written[0], first) && written[1] != first {
					t.Fatalf("%q accepts %q, which reads %q", format, first, written)
				}
				if parsed.separator != "" && !strings.Contains(first+second, written[0]) &&
					!strings.Contains(strings.ToLower(first+second), hex.EncodeToString(p.mac)) {
					t.Fatalf("%q accepts %q, which hold no %q", format, lines, written)
				}
			}
		}
	})
}

// render writes a candidate as the format says; the second form is base64url without
// its padding.
func render(format string, p candidate) [2]string {
	format = strings.TrimRight(strings.TrimSuffix(format, "..."), ",; ")
	replace := func(url string) string {
		return strings.NewReplacer("{hex}", hex.EncodeToString(p.mac), "{base64}", base64.StdEncoding.EncodeToString(p.mac),
			"{base64url}", url, "{timestamp}", p.timestamp).Replace(format)
	}
	return [2]string{replace(base64.URLEncoding.EncodeToString(p.mac)), replace(base64.RawURLEncoding.EncodeToString(p.mac))}
}

// Oracle: an accepted template, written again from its pieces, is the template.
func FuzzTemplate(f *testing.F) {
	f.Add("v0:{timestamp}:{body}")
	f.Add("{{x}}{body}")
	f.Add("{")
	f.Add("a}}b{c{d}")
	f.Fuzz(func(t *testing.T, text string) {
		pieces, problem := splitTemplate(text)
		if problem != "" {
			return
		}
		written := ""
		for _, p := range pieces {
			if p.placeholder != "" {
				written += "{" + p.placeholder + "}"
			} else {
				written += strings.NewReplacer("{", "{{", "}", "}}").Replace(p.literal)
			}
		}
		if written != text {
			t.Fatalf("%q reads %q", text, written)
		}
	})
}

// Oracle: a timestamp is fresh exactly when it is a number without ornament that
// lies within the tolerance, calculated without a limit of size.
func FuzzTimestamp(f *testing.F) {
	f.Add("1772366400")
	f.Add("9223372036854775807")
	f.Add("-1")
	f.Add("01772366400")
	now := testTime.Unix()
	f.Fuzz(func(t *testing.T, text string) {
		fresh := false
		n, ok := new(big.Int).SetString(text, 10)
		if ok && n.String() == text && n.Sign() >= 0 {
			distance := n.Sub(n, big.NewInt(now))
			fresh = distance.Abs(distance).Cmp(big.NewInt(300)) <= 0
		}
		if _, got := checkTimestamp(text, "s", 5*time.Minute, testTime); (got == verified) != fresh {
			t.Fatalf("%q: %s, want fresh %v", text, got, fresh)
		}
	})
}

// Oracle: whatever stands under the plugin's key compiles to a policy or to
// problems, never to both or to neither; nothing panics, and no problem and no
// warning shows the secret.
func FuzzConfiguration(f *testing.F) {
	f.Add(`{"provider":"github"}`)
	f.Add(`{"signature":{"header":"X","format":"t={timestamp},v1={hex},...","signs":"{timestamp}{body}"},"tolerance":"1h"}`)
	f.Add(`{"signature":[[1]],"methods":{"a":null},"maxBodyBytes":1e99,"observeOnly":7}`)
	f.Add(`{"PROVIDER":"github","provider":"github"}`)
	const canary = "c4n4ry-7h47-m4y-n07-b3-s33n"
	f.Fuzz(func(t *testing.T, text string) {
		var raw map[string]any
		if json.Unmarshal([]byte(text), &raw) != nil || raw == nil {
			return
		}
		raw["secrets"] = []any{canary, canary + " "}
		c := compile(raw)
		if (c.policy == nil) != (len(c.problems) > 0) {
			t.Fatalf("policy %v, problems %q", c.policy, c.problems)
		}
		if strings.Contains(strings.Join(sentences(c.problems), "")+strings.Join(sentences(c.warnings), ""), canary) {
			t.Fatalf("VULNERABLE: the secret is shown: %q %q", c.problems, c.warnings)
		}
		if c.policy != nil && (len(c.policy.schemes)+len(c.policy.handshakes) == 0 && c.policy.token == nil || c.policy.maxBodyBytes <= 0 || c.policy.bodyTimeout <= 0) {
			t.Fatalf("a policy that is not whole: %+v", c.policy)
		}
	})
}

// Oracle: a request passes exactly when an independent calculation accepts it,
// and then its body reaches the backend unchanged; there is one record either
// way, and it is valid JSON on one line. Where no signature is given the right
// one is sent, with one bit flipped if flip is not negative.
func FuzzHandler(f *testing.F) {
	f.Add("POST", docsBody, docsSignature, "X-Hub-Signature-256", int64(13), -1)
	f.Add("POST", docsBody, docsSignature, "X_Hub_Signature_256", int64(-1), -1)
	f.Add("POST", docsBody, "", "X-Hub-Signature-256", int64(13), -1)
	f.Add("POST", "", "", "x-hub-signature-256", int64(-1), 100)
	f.Add("GET", "", "sha256=", "X-Hub-Signature-256", int64(0), -1)
	f.Add("POST", "\x00\xff", "", "Transfer-Encoding", int64(1), -1)
	f.Fuzz(func(t *testing.T, method, body, signature, header string, length int64, flip int) {
		if !isHeaderName(header) || !isHeaderName(method) || length > int64(len(body)) {
			return
		}
		mac := hmac.New(sha256.New, []byte(docsSecret))
		mac.Write([]byte(body))
		right := "sha256=" + hex.EncodeToString(mac.Sum(nil))
		if signature == "" {
			sent := []byte(right)
			if flip >= 0 {
				sent[flip/8%len(sent)] ^= 1 << (flip % 8)
			}
			signature = string(sent)
		}
		records, _ := capture(t)
		b := &backend{}
		raw := githubOptions()
		raw["maxBodyBytes"] = "64"
		r := newPost(body)
		r.Method = method
		r.Header = http.Header{}
		r.Header.Set(header, signature)
		if length < 0 {
			r.ContentLength = -1
		}
		rw := serve(newTestHandler(t, b.handler(), raw), r)

		want := method == "POST" && len(body) <= 64 && http.CanonicalHeaderKey(header) == "X-Hub-Signature-256" &&
			strings.HasPrefix(signature, "sha256=") && strings.ToLower(signature) == right
		if passed := len(b.requests) == 1; passed != want || passed != (rw.Code == 202) {
			t.Fatalf("VULNERABLE: passed %v, want %v, status %d", passed, want, rw.Code)
		}
		if want && b.bodies[0] != body {
			t.Fatalf("the backend got %q", b.bodies[0])
		}
		if record := onlyRecord(t, records); (record["event.reason"] == verified) != want {
			t.Fatalf("record %v", record)
		}
	})
}

// Oracle: a document in which no name stands twice reads the same for a parser
// that takes the first of two names and for one that takes the last; nothing
// panics, and what a path finds is in the document.
func FuzzDocument(f *testing.F) {
	f.Add(`{"a":{"b":[1,"x",null]},"A":true}`, "a.b[1]")
	f.Add(`[{"a":1},{"a":2}]`, "[].a")
	f.Fuzz(func(t *testing.T, body, path string) {
		steps, problem := jsonpath.Parse(path)
		m := &message{body: []byte(body)}
		twins := hasTwins(m.body, nil)
		document := documentOf(m)
		if document != nil && !twins {
			again, err := json.Marshal(document)
			if err != nil || hasTwins(again, nil) {
				t.Fatalf("%q has no twins, and %q has: %v", body, again, err)
			}
		}
		if problem != "" {
			return
		}
		p := place{kind: "json", name: path, path: steps}
		for _, text := range jsonTexts(&p, m) {
			if document == nil || len(text) > len(body)*4 {
				t.Fatalf("%s finds %q in %q", path, text, body)
			}
		}
	})
}

// Oracle: whatever strangers write, a record is one line of
// printable JSON below 16 KiB, with its own fields and the decision of the gate.
func FuzzRecord(f *testing.F) {
	f.Add("POST", "/hooks", "a=1&token=x", "hooks.example.com", "id", "application/json", "note")
	f.Add("P\n", "/\u2028", "%zz&a=\xff", "\x1b[2J", `","hookward.decision":"pass`, "\x00", "\U0010ffff")
	records := &bytes.Buffer{}
	key := "c4n4ry-secret-of-the-gate"
	b := &backend{}
	f.Fuzz(func(t *testing.T, method, path, query, host, id, contentType, note string) {
		redirectRecords(records)
		shutOutputs()
		redirect(io.Discard)
		records.Reset()
		freshOutputs()
		raw := map[string]any{"provider": "github", "secrets": key, "ban": "false", "audit": map[string]any{"headers": "X-Note"}}
		g := newTestGate("fuzz", raw, compile, testTime)
		r := newPost("x")
		r.Method, r.URL.Path, r.URL.RawQuery, r.Host = method, path, query, host
		r.Header["X-Github-Delivery"], r.Header["Content-Type"], r.Header["X-Note"] = []string{id + key}, []string{contentType}, []string{note}
		through(g, b.handler(), r)
		line := records.String()
		record := onlyRecord(t, records)
		if len(line) > 16<<10 || record["hookward.decision"] != "refuse" || strings.Contains(line, key) {
			t.Fatalf("VULNERABLE: %d bytes: %s", len(line), line)
		}
		for _, c := range line[:len(line)-1] {
			if c < ' ' || c > '~' {
				t.Fatalf("VULNERABLE: %q in %s", c, line)
			}
		}
		for name := range record {
			if !recordNames[name] {
				t.Fatalf("VULNERABLE: a field %q in %s", name, line)
			}
		}
	})
}

// recordNames are the fields that a record can have.
var recordNames = func() map[string]bool {
	names := map[string]bool{}
	fields := reflect.TypeOf(auditRecord{})
	for i := 0; i < fields.NumField(); i++ {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}()
