package diagnosis

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/explain"
)

const (
	secret = "5d5ea7e1f0c34b1d9a6f7b2c8e4d3a10"
	body   = `{"id":"evt_1","url":"https://a.example/b","name":"Größe <&> 😀","list":[1,2.50]}`
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func mac(newHash func() hash.Hash, key, text string) []byte {
	m := hmac.New(newHash, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func hexMAC(key, text string) string { return hex.EncodeToString(mac(sha256.New, key, text)) }

func base64MAC(key, text string) string {
	return base64.StdEncoding.EncodeToString(mac(sha256.New, key, text))
}

// delivery is a request that was refused.
type delivery struct {
	options  map[string]any
	target   string
	body     string
	declared int64 // 0 where it is not known
	headers  []string
}

// caseOf judges a delivery, and returns what there is to look into.
func caseOf(t *testing.T, d delivery) Case {
	t.Helper()
	target := d.target
	if target == "" {
		target = "/in"
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	r := &http.Request{Method: "POST", URL: u, RequestURI: target, Host: "h.example", Header: http.Header{}, ProtoMajor: 1, ProtoMinor: 1}
	for _, line := range d.headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	c := Case{Config: &hookward.Config{Raw: d.options}, Request: r, Body: []byte(d.body), Declared: d.declared, At: now, Present: now}
	if d.declared == 0 {
		c.Declared = -1
	}
	c.Verdict = explain.Judge(c.Config, r, c.Body, now)
	if c.Verdict.Passes || len(c.Verdict.Problems) > 0 {
		t.Fatalf("it is not refused: %+v", c.Verdict)
	}
	return c
}

func github(secret string) map[string]any {
	return map[string]any{"provider": "github", "secrets": []any{secret}}
}

func own(secret string, signature map[string]any) map[string]any {
	if signature["header"] == nil {
		signature["header"] = "X-Sig"
	}
	return map[string]any{"secrets": []any{secret}, "signature": signature}
}

func sign(text string) string { return "X-Hub-Signature-256: sha256=" + hexMAC(secret, text) }

func gzipped(text string) string {
	b := bytes.Buffer{}
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// Each delivery has one thing wrong with it, and that is what is found.
func TestFind(t *testing.T) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	raw := []byte("0123456789abcdef0123456789abcdef")
	whsec := "whsec_" + base64.StdEncoding.EncodeToString(raw)
	standard := func(key string) []string {
		return []string{"Webhook-Id: m1", "Webhook-Timestamp: " + stamp, "Webhook-Signature: v1," + base64MAC(key, "m1."+stamp+"."+body)}
	}
	twilio := func(address string, fields ...string) []string {
		m := mac(sha1.New, secret, address+strings.Join(fields, ""))
		return []string{"Content-Type: application/x-www-form-urlencoded", "X-Twilio-Signature: " + base64.StdEncoding.EncodeToString(m)}
	}
	python := strings.NewReplacer(`":`, `": `, `,`, `, `).Replace(`{"id":"evt_1","n":[1,2]}`)
	php := `{"id":"evt_1","url":"https:\/\/a.example\/b","name":"Gr\u00f6\u00dfe <&> \ud83d\ude00","list":[1,2.50]}`
	pythonASCII := `{"id": "evt_1", "url": "https://a.example/b", "name": "Gr\u00f6\u00dfe <&> \ud83d\ude00", "list": [1, 2.50]}`
	html := `{"id":"evt_1","url":"https://a.example/b","name":"Größe \u003c\u0026\u003e 😀","list":[1,2.50]}`
	sorted := `{"id":"evt_1","list":[1,2.50],"name":"Größe <&> 😀","url":"https://a.example/b"}`

	for name, c := range map[string]struct {
		delivery
		cause string // its name
		text  string // what it says, or its cure
	}{
		"space before the secret":     {delivery{options: github(" " + secret), body: body, headers: []string{sign(body)}}, "secret-white-space", "secret 1 is right without the white space"},
		"newline in the secret":       {delivery{options: github(secret + "\n"), body: body, headers: []string{sign(body)}}, "secret-white-space", "secret 1"},
		"newline at the sender":       {delivery{options: github(secret), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC(secret+"\n", body)}}, "secret-newline", "with a newline at its end"},
		"CRLF at the sender":          {delivery{options: github(secret), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC(secret+"\r\n", body)}}, "secret-newline", "CR and LF"},
		"quotes":                      {delivery{options: github(`"` + secret + `"`), body: body, headers: []string{sign(body)}}, "secret-quotes", "without the quotes"},
		"single quotes":               {delivery{options: github("'" + secret + "' "), body: body, headers: []string{sign(body)}}, "secret-quotes", "without the quotes"},
		"an env file as the secret":   {delivery{options: github("GITHUB_SECRET=" + secret), body: body, headers: []string{sign(body)}}, "secret-name", "secret 1 is right without the NAME="},
		"base64 of Kubernetes":        {delivery{options: github(base64.StdEncoding.EncodeToString([]byte(secret))), body: body, headers: []string{sign(body)}}, "secret-encoding", "decode it (base64 -d)"},
		"base64 with a newline":       {delivery{options: github(base64.StdEncoding.EncodeToString([]byte(secret + "\n"))), body: body, headers: []string{sign(body)}}, "secret-base64", "and was encoded with a newline"},
		"an escaped newline":          {delivery{options: github(secret + `\n`), body: body, headers: []string{sign(body)}}, "secret-newline", "a backslash and a letter"},
		"a space at the sender":       {delivery{options: github(secret), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC(secret+" ", body)}}, "secret-white-space", "with a space behind it"},
		"a space before, there":       {delivery{options: github(secret), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC(" "+secret, body)}}, "secret-white-space", "with a space before it"},
		"quotes at the sender":        {delivery{options: github(secret), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC(`"`+secret+`"`, body)}}, "secret-quotes", "with quotes around it"},
		"single quotes there":         {delivery{options: github(secret), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC("'"+secret+"'", body)}}, "secret-quotes", "the sender's secret has single quotes around it"},
		"the second secret":           {delivery{options: map[string]any{"provider": "github", "secrets": []any{"another one 0123456789", secret + " "}}, body: body, headers: []string{sign(body)}}, "secret-white-space", "secret 2 is right"},
		"percent signs":               {delivery{options: github("a%2Fb%3D0123456789abcdef"), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC("a/b=0123456789abcdef", body)}}, "secret-escapes", "percent"},
		"case":                        {delivery{options: github(strings.ToUpper(secret)), body: body, headers: []string{sign(body)}}, "secret-case", "lower case"},
		"whsec kept":                  {delivery{options: map[string]any{"provider": "stripe", "secrets": []any{"0123456789abcdef"}}, body: body, headers: []string{"Stripe-Signature: t=" + stamp + ",v1=" + hexMAC("whsec_0123456789abcdef", stamp+"."+body)}}, "secret-prefix", "with whsec_ before it"},
		"whsec too much":              {delivery{options: github("whsec_" + secret), body: body, headers: []string{sign(body)}}, "secret-prefix", "without its whsec_"},
		"hex":                         {delivery{options: github(hex.EncodeToString(raw)), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC(string(raw), body)}}, "secret-encoding", "signature.secretEncoding: hex"},
		"base64":                      {delivery{options: github(base64.StdEncoding.EncodeToString(raw)), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC(string(raw), body)}}, "secret-encoding", "signature.secretEncoding: base64"},
		"whsec as text":               {delivery{options: map[string]any{"provider": "standard-webhooks", "secrets": []any{whsec}}, body: body, headers: standard(whsec)}, "secret-encoding", "read as utf8"},
		"whsec as text, stripped":     {delivery{options: map[string]any{"provider": "standard-webhooks", "secrets": []any{whsec}}, body: body, headers: standard(strings.TrimPrefix(whsec, "whsec_"))}, "secret-encoding", "without its whsec_, if it is read as utf8"},
		"whsec in a scheme of utf8":   {delivery{options: own(whsec, map[string]any{"header": "webhook-signature", "format": "v1,{base64} ...", "signs": "{id}.{timestamp}.{body}", "idHeader": "webhook-id", "timestampHeader": "webhook-timestamp"}), body: body, headers: standard(string(raw))}, "secret-encoding", "signature.secretEncoding: whsec"},
		"newline too much":            {delivery{options: github(secret), body: body + "\n", headers: []string{sign(body)}}, "body-newline", "without the newline at its end"},
		"newline too little":          {delivery{options: github(secret), body: body, headers: []string{sign(body + "\n")}}, "body-newline", "with a newline at its end"},
		"CRLF too little":             {delivery{options: github(secret), body: body, headers: []string{sign(body + "\r\n")}}, "body-newline", "CR and LF"},
		"white space":                 {delivery{options: github(secret), body: "  " + body, headers: []string{sign(body)}}, "body-white-space", "white space"},
		"LF":                          {delivery{options: github(secret), body: "{\r\n\"a\": 1\r\n}\r\n", headers: []string{sign("{\n\"a\": 1\n}\n")}}, "body-line-ends", "with LF at the ends"},
		"CRLF":                        {delivery{options: github(secret), body: "{\n\"a\": 1\n}", headers: []string{sign("{\r\n\"a\": 1\r\n}")}}, "body-line-ends", "with CRLF at the ends"},
		"BOM":                         {delivery{options: github(secret), body: "\ufeff" + body, headers: []string{sign(body)}}, "body-bom", "without the byte order mark"},
		"no BOM":                      {delivery{options: github(secret), body: body, headers: []string{sign("\ufeff" + body)}}, "body-bom", "with a byte order mark"},
		"more than its length":        {delivery{options: github(secret), body: body + "-- trailer", declared: int64(len(body)), headers: []string{sign(body)}}, "body-length", "as far as Content-Length"},
		"indented":                    {delivery{options: github(secret), body: "{\n  \"b\": 1,\n  \"a\": 2\n}", headers: []string{sign(`{"b":1,"a":2}`)}}, "body-json", "compact JSON"},
		"compacted by two spaces":     {delivery{options: github(secret), body: `{"b":1,"a":2}`, headers: []string{sign("{\n  \"b\": 1,\n  \"a\": 2\n}")}}, "body-json", "indented by two"},
		"Python":                      {delivery{options: github(secret), body: `{"id":"evt_1","n":[1,2]}`, headers: []string{sign(python)}}, "body-json", "(Python)"},
		"Python, ASCII":               {delivery{options: github(secret), body: body, headers: []string{sign(pythonASCII)}}, "body-json", "(Python)"},
		"PHP":                         {delivery{options: github(secret), body: body, headers: []string{sign(php)}}, "body-json", "(PHP)"},
		"PHP, decoded":                {delivery{options: github(secret), body: php, headers: []string{sign(body)}}, "body-json", "letters as they are"},
		"Go":                          {delivery{options: github(secret), body: body, headers: []string{sign(html)}}, "body-json", "(Go)"},
		"sorted":                      {delivery{options: github(secret), body: body, headers: []string{sign(sorted)}}, "body-json", "names sorted"},
		"gunzipped before":            {delivery{options: github(secret), body: gzipped(body), headers: []string{sign(body), "Content-Encoding: gzip"}}, "body-compressed", "once it is uncompressed (gzip)"},
		"gunzipped by the capture":    {delivery{options: github(secret), body: body, headers: []string{sign(gzipped(body)), "Content-Encoding: gzip"}}, "body-compressed", "if it is compressed"},
		"base64 of a gateway":         {delivery{options: github(secret), body: base64.StdEncoding.EncodeToString([]byte(body)), headers: []string{sign(body)}}, "body-base64", "base64 is decoded"},
		"JSON in JSON":                {delivery{options: github(secret), body: strconv.Quote(`{"a":1}`), headers: []string{sign(`{"a":1}`)}}, "body-quoted", "JSON string around it"},
		"a form's field":              {delivery{options: github(secret), body: "payload=" + url.QueryEscape(body), headers: []string{sign(body)}}, "body-form", `field "payload"`},
		"escaped":                     {delivery{options: github(secret), body: url.QueryEscape(body), headers: []string{sign(body)}}, "body-form", "percent signs"},
		"Latin-1":                     {delivery{options: github(secret), body: `{"a":"ü"}`, headers: []string{sign("{\"a\":\"\xfc\"}")}}, "body-charset", "Latin-1"},
		"empty":                       {delivery{options: github(secret), body: body, headers: []string{sign("")}}, "body-empty", "empty body"},
		"http":                        {delivery{options: map[string]any{"provider": "twilio", "secrets": []any{secret}, "publicURL": "https://h.example/in"}, body: "A=1", headers: twilio("http://h.example/in", "A", "1")}, "url", "publicURL: http://h.example/in"},
		"a port":                      {delivery{options: map[string]any{"provider": "twilio", "secrets": []any{secret}, "publicURL": "https://h.example/in"}, body: "A=1", headers: twilio("https://h.example:8443/in", "A", "1")}, "url", "publicURL: https://h.example:8443/in"},
		"a slash":                     {delivery{options: map[string]any{"provider": "twilio", "secrets": []any{secret}, "publicURL": "https://h.example/in"}, body: "A=1", headers: twilio("https://h.example/in/", "A", "1")}, "url", "publicURL: https://h.example/in/"},
		"the query":                   {delivery{options: map[string]any{"provider": "twilio", "secrets": []any{secret}, "publicURL": "https://h.example/in"}, target: "/in?a=b", body: "A=1", headers: twilio("https://h.example/in?a=b", "A", "1")}, "url", "publicURL: https://h.example/in?a=b"},
		"a secret in the URL":         {delivery{options: map[string]any{"provider": "twilio", "secrets": []any{secret}, "publicURL": "https://h.example/in"}, target: "/in?key=" + secret, body: "A=1", headers: twilio("https://h.example/in?key="+secret, "A", "1")}, "url", "not shown, because"},
		"the host":                    {delivery{options: map[string]any{"provider": "twilio", "secrets": []any{secret}, "publicURL": "https://www.example/in"}, body: "A=1", headers: twilio("https://h.example/in", "A", "1")}, "url", "publicURL: https://h.example/in"},
		"the path was rewritten":      {delivery{options: map[string]any{"provider": "twilio", "secrets": []any{secret}, "publicURL": "https://h.example/in"}, target: "/other", body: "A=1", headers: twilio("https://h.example/in", "A", "1")}, "url", "put the gate before"},
		"another provider":            {delivery{options: map[string]any{"provider": "slack", "secrets": []any{secret}}, body: body, headers: []string{sign(body)}}, "provider", "github"},
		"another one, without a URL":  {delivery{options: map[string]any{"provider": "twilio", "secrets": []any{secret}, "publicURL": "https://h.example/in"}, body: body, headers: []string{sign(body)}}, "provider", "github"},
		"Standard Webhooks":           {delivery{options: github(whsec), body: body, headers: standard(string(raw))}, "provider", "standard-webhooks"},
		"a token":                     {delivery{options: map[string]any{"provider": "gitlab-signed", "secrets": []any{whsec}}, body: body, headers: []string{"X-Gitlab-Token: " + whsec}}, "provider", "gitlab"},
		"a scheme of one's own":       {delivery{options: github(secret), body: body, headers: []string{"X-Own: " + hexMAC(secret, body)}}, "scheme", `header: "X-Own"`},
		"SHA-512":                     {delivery{options: own(secret, map[string]any{}), body: body, headers: []string{"X-Sig: " + hex.EncodeToString(mac(sha512.New, secret, body))}}, "scheme", `algorithm: "hmac-sha512"`},
		"SHA-1":                       {delivery{options: own(secret, map[string]any{}), body: body, headers: []string{"X-Sig: " + hex.EncodeToString(mac(sha1.New, secret, body))}}, "scheme", `algorithm: "hmac-sha1"`},
		"MD5":                         {delivery{options: own(secret, map[string]any{}), body: body, headers: []string{"X-Sig: sig=" + hex.EncodeToString(mac(md5.New, secret, body))}}, "scheme", `format: "sig={hex}"`},
		"base64 for hex":              {delivery{options: own(secret, map[string]any{}), body: body, headers: []string{"X-Sig: " + base64MAC(secret, body)}}, "scheme", `format: "{base64}"`},
		"a prefix":                    {delivery{options: own(secret, map[string]any{}), body: body, headers: []string{"X-Sig: v7=" + hexMAC(secret, body)}}, "scheme", `format: "v7={hex}"`},
		"a timestamp":                 {delivery{options: own(secret, map[string]any{}), body: body, headers: []string{"X-Ts: " + stamp, "X-Sig: " + hexMAC(secret, stamp+"."+body)}}, "scheme", `signs: "{timestamp}.{body}"`},
		"a list":                      {delivery{options: own(secret, map[string]any{}), body: body, headers: []string{"X-Sig: t=" + stamp + ",x1=" + hexMAC(secret, stamp+"."+body)}}, "scheme", `format: "t={timestamp},x1={hex},..."`},
		"a token elsewhere":           {delivery{options: map[string]any{"secrets": []any{secret}, "token": map[string]any{"header": "X-Chosen"}}, body: body, headers: []string{"X-Other: " + secret}}, "token-place", "token: {header: X-Other}"},
		"a bearer token":              {delivery{options: map[string]any{"secrets": []any{secret}, "token": map[string]any{"header": "X-Chosen"}}, body: body, headers: []string{"Authorization: Bearer " + secret}}, "token-place", "bearer: true"},
		"a token in the query":        {delivery{options: map[string]any{"secrets": []any{secret}, "token": map[string]any{"header": "X-Chosen"}}, target: "/in?key=" + secret, body: body}, "token-place", "token: {query: key}"},
		"Bearer in the secret":        {delivery{options: map[string]any{"secrets": []any{"Bearer " + secret}, "token": map[string]any{"bearer": "true"}}, body: body, headers: []string{"Authorization: Bearer " + secret}}, "secret-prefix", "without its Bearer"},
		"letters as they stand":       {delivery{options: own(secret, map[string]any{"signs": "{lower:query:id};{lower:header:X-Req};{body}"}), target: "/in?id=ORD1", body: body, headers: []string{"X-Req: AB", "X-Sig: " + hexMAC(secret, "ORD1;ab;"+body)}}, "letter-case", `the sender signs query:id as it stands, where the scheme has it in small letters","cure":"signature.signs: "{query:id};{lower:header:X-Req};{body}"`},
		"all letters as they stand":   {delivery{options: own(secret, map[string]any{"signs": "{lower:query:id};{lower:header:X-Req};{body}"}), target: "/in?id=ORD1", body: body, headers: []string{"X-Req: AB", "X-Sig: " + hexMAC(secret, "ORD1;AB;"+body)}}, "letter-case", "the sender signs query:id, header:X-Req as it stands"},
		"small letters":               {delivery{options: own(secret, map[string]any{"signs": "{query:id};{body}"}), target: "/in?id=ORD1", body: body, headers: []string{"X-Sig: " + hexMAC(secret, "ord1;"+body)}}, "letter-case", `"signature.signs: "{lower:query:id};{body}"`},
		"units of a compressed body":  {delivery{options: own(secret, map[string]any{"signs": "{timestamp}.{body}", "timestampHeader": "X-Ts", "uncompressed": "true"}), body: gzipped(body), headers: []string{"Content-Encoding: gzip", "X-Ts: " + stamp + "000", "X-Sig: " + hexMAC(secret, stamp+"000."+body)}}, "timestamp-unit", "signature.timestampUnit: ms"},
		"milliseconds":                {delivery{options: own(secret, map[string]any{"signs": "{timestamp}.{body}", "timestampHeader": "X-Ts"}), body: body, headers: []string{"X-Ts: " + stamp + "000", "X-Sig: " + hexMAC(secret, stamp+"000."+body)}}, "timestamp-unit", "signature.timestampUnit: ms"},
		"RFC 3339":                    {delivery{options: own(secret, map[string]any{"signs": "{timestamp}.{body}", "timestampHeader": "X-Ts"}), body: body, headers: []string{"X-Ts: 2026-03-01T12:00:00Z", "X-Sig: " + hexMAC(secret, "2026-03-01T12:00:00Z."+body)}}, "timestamp-unit", "signature.timestampUnit: rfc3339"},
		"old":                         {delivery{options: own(secret, map[string]any{"signs": "{timestamp}.{body}", "timestampHeader": "X-Ts"}), body: body, headers: []string{"X-Ts: 1772360000", "X-Sig: " + hexMAC(secret, "1772360000."+body)}}, "clock", "1h46m40s old"},
		"large":                       {delivery{options: with(github(secret), "maxBodyBytes", "5"), body: body, headers: []string{sign(body)}}, "size", "maxBodyBytes: " + strconv.Itoa(len(body))},
		"one secret of two providers": {delivery{options: map[string]any{"provider": "github-sha1", "secrets": []any{secret}}, body: body, headers: []string{sign(body)}}, "provider", "github"},
	} {
		found := Find(caseOf(t, c.delivery))
		text, err := json.Marshal(found)
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&", `\"`, `"`).Replace(string(text))
		if len(found.Causes) != 1 || found.Causes[0].Name != c.cause || !strings.Contains(plain, c.text) {
			t.Errorf("%s: %s, want %s: %s", name, text, c.cause, c.text)
		}
		if len(found.Causes) > 0 && found.Causes[0].Cure == "" && !strings.Contains(plain, "not shown") {
			t.Errorf("%s: there is no cure: %s", name, text)
		}
		checkHidden(t, name, c.delivery, string(text))
	}
}

// checkHidden checks that a text has neither the secrets in it, nor signatures.
func checkHidden(t *testing.T, name string, d delivery, text string) {
	t.Helper()
	hidden := []string{secret}
	for _, line := range d.headers {
		value := line[strings.Index(line, ": ")+2:]
		words := strings.FieldsFunc(value, func(c rune) bool { return c == '=' || c == ',' || c == ' ' })
		hidden = append(hidden, words...)
	}
	for _, secret := range secretTexts(d.options) {
		hidden = append(hidden, strings.TrimSpace(secret), strings.Trim(secret, "\"' \n"))
	}
	for _, word := range hidden {
		if len(word) > 20 && !strings.Contains(word, "www-form") && strings.Contains(text, word) {
			t.Errorf("%s: %q is in %s", name, word, text)
		}
	}
}

// Where nothing fits, nothing is claimed, and there are hints.
func TestFindNothing(t *testing.T) {
	for name, c := range map[string]struct {
		delivery
		hint string
	}{
		"another secret":         {delivery{options: github(secret), body: body, headers: []string{"X-Hub-Signature-256: sha256=" + hexMAC("another", body)}}, "another secret than the sender's"},
		"another body":           {delivery{options: github(secret), body: body, headers: []string{sign("another")}}, "the body is not what was sent"},
		"an unresolved secret":   {delivery{options: map[string]any{"provider": "github", "secrets": []any{"env:UNRESOLVED"}}, body: body, headers: []string{sign(body)}}, "secret 1 looks like a reference"},
		"cut off":                {delivery{options: github(secret), body: body[:20], declared: int64(len(body)), headers: []string{sign(body)}}, "cut off: 20 of"},
		"indented":               {delivery{options: github(secret), body: "{\n  \"a\": 1\n}", headers: []string{sign("x")}}, "over several lines"},
		"unreadable":             {delivery{options: github(secret), body: "{\"a\":\"\ufffd\"}", headers: []string{sign("{\"a\":\"\xff\"}")}}, "U+FFFD"},
		"no signature":           {delivery{options: github(secret), body: body}, "set the secret at the sender"},
		"not as the format says": {delivery{options: github(secret), body: body, headers: []string{"X-Hub-Signature-256: nonsense"}}, "not as signature.format says"},
		"Slack's":                {delivery{options: github(secret), body: body, headers: []string{"X-Slack-Signature: v0=" + hexMAC("another", "x"), "X-Slack-Request-Timestamp: " + strconv.FormatInt(now.Unix(), 10)}}, "a signature as slack"},
		"no JSON":                {delivery{options: own(secret, map[string]any{"signs": "{json:id}"}), body: `{"id" 1}`, headers: []string{"X-Sig: " + hexMAC(secret, "1")}}, "at byte 7"},
		"multipart, unclear":     {delivery{options: own(secret, map[string]any{"signs": "{multipart:id}"}), body: "--b1\r\nContent-Disposition: form-data; name=id\r\n\r\n1\r\n--b1--", headers: []string{"Content-Type: multipart/form-data; boundary=b1", "X-Sig: " + hexMAC(secret, "1")}}, "no form that all backends read alike"},
		"multipart, of others":   {delivery{options: own(secret, map[string]any{"signs": "{multipart:id}"}), body: "--b1\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n1\r\n--b1--", headers: []string{"Content-Type: multipart/form-data; boundary=b1", "X-Sig: " + hexMAC(secret, "1")}}, `form in multipart/form-data with "other"`},
		"duplicates":             {delivery{options: own(secret, map[string]any{"signs": "{json:id}"}), body: `{"id":1,"ID":1}`, headers: []string{"X-Sig: " + hexMAC(secret, "1")}}, "signed twice"},
		"URL":                    {delivery{options: map[string]any{"provider": "twilio", "secrets": []any{secret}, "publicURL": "https://h.example/in"}, target: "/other", body: "A=1", headers: []string{"Content-Type: application/x-www-form-urlencoded", "X-Twilio-Signature: " + strings.Repeat("A", 27) + "="}}, "publicURL has to be the whole URL"},
		"no timestamp":           {delivery{options: map[string]any{"provider": "slack", "secrets": []any{secret}}, body: body, headers: []string{"X-Slack-Signature: v0=" + hexMAC(secret, "x")}}, "signs a timestamp, which is not in the request"},
		"another token":          {delivery{options: map[string]any{"provider": "gitlab", "secrets": []any{secret}}, body: body, headers: []string{"X-Gitlab-Token: another"}}, "another token"},
		"a stranger":             {delivery{options: with(map[string]any{"provider": "pusher", "secrets": []any{secret}}, "senders", "mine"), body: `{"time_ms":1772366400000}`, headers: []string{"X-Pusher-Key: yours", "X-Pusher-Signature: " + hexMAC(secret, `{"time_ms":1772366400000}`)}}, "not in senders"},
	} {
		if name == "an unresolved secret" {
			t.Setenv("UNRESOLVED", "${GITHUB_SECRET}")
		}
		found := Find(caseOf(t, c.delivery))
		text, err := json.Marshal(found)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Causes) > 0 || !strings.Contains(strings.Join(found.Hints, "\n"), c.hint) {
			t.Errorf("%s: %s, want the hint %s", name, text, c.hint)
		}
		if found.Over || found.Tried > maxTried {
			t.Errorf("%s: tried %d times", name, found.Tried)
		}
		checkHidden(t, name, c.delivery, string(text))
	}
}

// The work is bounded by the bytes that are signed.
func TestFindIsBounded(t *testing.T) {
	large := strings.Repeat(" ", 12<<20)
	found := Find(caseOf(t, delivery{options: github(secret), body: large, headers: []string{sign("x")}}))
	if !found.Over || found.Tried > 100 || !strings.Contains(strings.Join(found.Hints, "\n"), "more to try") {
		t.Errorf("tried %d times: %v", found.Tried, found.Hints)
	}
}

// Secrets that come from files are read as the gate reads them.
func TestSecretTexts(t *testing.T) {
	t.Setenv("A_SECRET", " a ")
	texts := secretTexts(map[string]any{"Secrets": []any{"env:A_SECRET", "env:NOT_HERE", "literal", "file:/not/here"}})
	if strings.Join(texts, "|") != " a ||literal|" {
		t.Errorf("%q", texts)
	}
	texts = secretTexts(map[string]any{"secrets": "a,b"})
	if len(texts) != 1 || texts[0] != "a,b" {
		t.Errorf("%q", texts)
	}
}

// Whatever a tool has made of a secret is seen through.
func TestReadings(t *testing.T) {
	for name, text := range map[string]string{
		"a byte order mark": "\ufeff" + secret, "an env file": "GITHUB_SECRET=" + secret, "an export, quoted": `export GITHUB_SECRET="` + secret + `"`,
		"an escaped newline": secret + `\n`, "of Windows": secret + `\r\n`, "a value of Kubernetes": base64.StdEncoding.EncodeToString([]byte(secret)),
		"the same with a newline": base64.StdEncoding.EncodeToString([]byte(secret + "\n")), "and one behind it": base64.StdEncoding.EncodeToString([]byte(secret)) + "\n",
	} {
		found := ""
		for _, r := range readings() {
			if r.of(text) == secret || decoded(text) == secret {
				found = r.name
				break
			}
		}
		if found == "" {
			t.Errorf("%s: nothing reads %q as the secret", name, text)
		}
	}
	for _, text := range []string{"c2VjcmV0==", "//79/Pv6", "=", "a="} {
		if withoutName(text) != text || text == "//79/Pv6" && decoded(text) != text {
			t.Errorf("%q is read as something else", text)
		}
	}
}
