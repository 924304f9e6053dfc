package messagesignature

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

const (
	body  = `{"id":1}`
	usual = `("@method" "@target-uri" "content-digest");created=1772366400;keyid="k"`
)

// private is the key of the tests, and publicKey how its other half is configured.
var (
	private   = ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", 32)))
	publicKey = base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
)

// compiled compiles options, which must have no mistake.
func compiled(t *testing.T, o config.MessageSignatureOptions, more config.Options) *Verifier {
	t.Helper()
	n := &config.Notes{}
	more.MessageSignature = &o
	if more.PublicKeys == nil && more.Secrets == nil {
		more.PublicKeys = []string{publicKey}
	}
	if more.PublicURL == "" {
		more.PublicURL = "https://hooks.example.com"
	}
	v := Compile(n, &secrets.Resolver{}, more)
	if len(n.Problems) > 0 {
		t.Fatal(config.Sentences(n.Problems))
	}
	return v
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// baseOf returns what a signer signs, from the lines of the components.
func baseOf(line string, components ...string) string {
	return strings.Join(append(components, `"@signature-params": `+line), "\n")
}

// The lines of what is usually covered.
var usualLines = []string{`"@method": POST`, `"@target-uri": https://hooks.example.com/in?a=1`, `"content-digest": ` + digestOf(body)}

// requestWith returns a request with a signature over a text.
func requestWith(input, base string, headers ...string) *http.Request {
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(base)))
	r := hooktest.NewRequest(http.MethodPost, "/in?a=1", body, append(headers, "Content-Digest: "+digestOf(body), "Content-Type: application/json")...)
	r.Header["Signature-Input"] = []string{"sig1=" + input}
	r.Header["Signature"] = []string{"sig1=:" + signature + ":"}
	return r
}

func verify(v *Verifier, r *http.Request) Result {
	return Verify(v, &message.Message{Request: r, Body: []byte(body)}, nil, hooktest.TestTime)
}

// expect verifies a request and compares the reason.
func expect(t *testing.T, name string, v *Verifier, r *http.Request, want string) {
	t.Helper()
	found := verify(v, r)
	if found.Reason != want {
		t.Errorf("%s: %s (%s), want %s; base:\n%s", name, found.Reason, found.Detail, want, found.Base)
	}
	if (found.Reason == verdict.Verified) != (found.Secret+found.PublicKey > 0 && found.Once != "") && found.Step != StepTime {
		t.Errorf("%s: %s, by key %d, %d, once %q", name, found.Reason, found.Secret, found.PublicKey, found.Once)
	}
}

func TestUsual(t *testing.T) {
	v := compiled(t, config.MessageSignatureOptions{}, config.Options{})
	expect(t, "usual", v, requestWith(usual, baseOf(usual, usualLines...)), verdict.Verified)
	found := verify(v, requestWith(usual, baseOf(usual, usualLines...)))
	if found.Label != "sig1" || found.KeyID != "k" || found.Algorithm != "ed25519" || found.PublicKey != 1 || !found.Created.Equal(hooktest.TestTime) {
		t.Errorf("%+v", found)
	}
	// Any byte changed, of what is covered or of what it says of itself.
	for _, change := range []func(r *http.Request){
		func(r *http.Request) { r.Method = http.MethodPut },
		func(r *http.Request) { r.URL.RawQuery = "a=2" },
		func(r *http.Request) { r.URL.Path = "/In" },
		func(r *http.Request) {
			r.Header.Set("Signature-Input", "sig1="+strings.Replace(usual, "400", "401", 1))
		},
		func(r *http.Request) { r.Header.Set("Signature-Input", "sig1="+usual+`;nonce="x"`) },
		func(r *http.Request) {
			r.Header.Set("Signature-Input", "sig1="+strings.Replace(usual, `"@method" "@target-uri"`, `"@target-uri" "@method"`, 1))
		},
	} {
		r := requestWith(usual, baseOf(usual, usualLines...))
		change(r)
		expect(t, "changed", v, r, verdict.SignatureMismatch)
	}
}

// S01 to S04: what is covered, and whether that is the body.
func TestCoverage(t *testing.T) {
	v := compiled(t, config.MessageSignatureOptions{CoverIfPresent: []string{"@query", "idempotency-key"}}, config.Options{})
	whole := `("@method" "@target-uri" "content-digest" "@query");created=1772366400`
	lines := append(append([]string{}, usualLines...), `"@query": ?a=1`)
	for input, want := range map[string]string{
		whole:                               verdict.Verified,
		`();created=1772366400`:             verdict.ComponentMissing,
		`("@authority");created=1772366400`: verdict.ComponentMissing,
		`("@method" "@target-uri" "@query");created=1772366400`:                                verdict.ComponentMissing,
		`("@method" "@target-uri" "content-digest");created=1772366400`:                        verdict.ComponentMissing,
		`("@method" "@target-uri" "content-digest";key="sha-256" "@query");created=1772366400`: verdict.ComponentMissing,
	} {
		expect(t, input, v, requestWith(input, baseOf(input, lines...)), want)
	}
	expect(t, "unsigned key", v, requestWith(whole, baseOf(whole, lines...), "Idempotency-Key: other"), verdict.ComponentMissing)

	r := requestWith(whole, baseOf(whole, lines...))
	found := Verify(v, &message.Message{Request: r, Body: []byte(`{"id":2}`)}, nil, hooktest.TestTime)
	if found.Reason != verdict.DigestMismatch {
		t.Errorf("another body: %s", found.Reason)
	}
	found = Verify(v, &message.Message{Request: r}, nil, hooktest.TestTime)
	if found.Reason != verdict.DigestMismatch {
		t.Errorf("no body: %s", found.Reason)
	}
}

func TestDigests(t *testing.T) {
	v := compiled(t, config.MessageSignatureOptions{}, config.Options{})
	for digest, want := range map[string]string{
		digestOf(body):                                verdict.Verified,
		digestOf(body) + ", md5=:AAAA:":               verdict.Verified,
		`unixsum=:AAAA:, ` + digestOf(body):           verdict.Verified,
		`sha-512=:AAAA:`:                              verdict.DigestMismatch,
		digestOf(body) + ", sha-512=:AAAA:":           verdict.DigestMismatch,
		`md5=:AAAA:`:                                  verdict.DigestMissing,
		``:                                            verdict.DigestMissing,
		strings.ToUpper(digestOf(body)):               verdict.DigestMissing,
		digestOf(body) + "," + digestOf(body):         verdict.DigestMissing,
		strings.Replace(digestOf(body), "=:", ":", 1): verdict.DigestMissing,
		`sha-256=("x")`:                               verdict.DigestMissing,
		`sha-256="x"`:                                 verdict.DigestMissing,
		strings.Trim(digestOf(body), ":"):             verdict.DigestMissing,
	} {
		base := baseOf(usual, usualLines[0], usualLines[1], `"content-digest": `+digest)
		r := requestWith(usual, base)
		r.Header.Set("Content-Digest", digest)
		expect(t, digest, v, r, want)
	}
	r := requestWith(usual, baseOf(usual, usualLines[0], usualLines[1], `"content-digest": `+digestOf(body)+", "+digestOf(body)), "Content-Digest: "+digestOf(body))
	expect(t, "two lines", v, r, verdict.DigestMissing)
	r.Header.Del("Content-Digest")
	expect(t, "none", v, r, verdict.DigestMissing)
}

// S05, S07, S20, S21: headers that are not as they must be.
func TestHeaders(t *testing.T) {
	v := compiled(t, config.MessageSignatureOptions{}, config.Options{})
	good := requestWith(usual, baseOf(usual, usualLines...))
	signature := good.Header["Signature"][0]
	many := "sig1=" + usual
	for _, label := range []string{"b", "c", "d", "e"} {
		many += ", " + label + "=()"
	}
	for name, c := range map[string]struct {
		input, signature []string
		want             string
	}{
		"no input":        {nil, []string{signature}, verdict.SignatureMissing},
		"no signature":    {[]string{"sig1=" + usual}, nil, verdict.SignatureMissing},
		"other label":     {[]string{"sig2=" + usual}, []string{signature}, verdict.SignatureMissing},
		"upper label":     {[]string{"Sig1=" + usual}, []string{signature}, verdict.SignatureMalformed},
		"twice, one line": {[]string{"sig1=" + usual + ", sig1=" + usual}, []string{signature}, verdict.SignatureMalformed},
		"twice":           {[]string{"sig1=" + usual, "sig1=" + usual}, []string{signature}, verdict.SignatureMalformed},
		"twice signed":    {[]string{"sig1=" + usual}, []string{signature, signature}, verdict.SignatureMalformed},
		"in a string":     {[]string{`x=("@method");nonce="sig1=` + strings.ReplaceAll(usual, `"`, `\"`) + `"`}, []string{signature}, verdict.SignatureMissing},
		"no list":         {[]string{"sig1=1"}, []string{signature}, verdict.SignatureMalformed},
		"token":           {[]string{"sig1=" + usual}, []string{"sig1=abc"}, verdict.SignatureMalformed},
		"string":          {[]string{"sig1=" + usual}, []string{`sig1="` + strings.Trim(signature[5:], ":") + `"`}, verdict.SignatureMalformed},
		"list":            {[]string{"sig1=" + usual}, []string{"sig1=(" + signature[5:] + ")"}, verdict.SignatureMissing},
		"parameters":      {[]string{"sig1=" + usual}, []string{signature + ";x=1"}, verdict.SignatureMissing},
		"no padding":      {[]string{"sig1=" + usual}, []string{strings.ReplaceAll(signature, "=:", ":")}, verdict.SignatureMalformed},
		"base64url":       {[]string{"sig1=" + usual}, []string{strings.NewReplacer("+", "-", "/", "_").Replace(signature)}, verdict.SignatureMalformed},
		"empty":           {[]string{"sig1=" + usual}, []string{"sig1=::"}, verdict.SignatureMismatch},
		"63 bytes":        {[]string{"sig1=" + usual}, []string{"sig1=:" + base64.StdEncoding.EncodeToString(make([]byte, 63)) + ":"}, verdict.SignatureMismatch},
		"5 labels":        {[]string{many}, []string{signature}, verdict.SignatureMalformed},
		"10000":           {[]string{"sig1=(" + strings.Repeat(`"a" `, 10000) + ")"}, []string{signature}, verdict.SignatureMalformed},
		"64 KiB":          {[]string{"sig1=" + usual + `;x="` + strings.Repeat("x", 65536) + `"`}, []string{signature}, verdict.SignatureMalformed},
		"blank":           {[]string{""}, []string{signature}, verdict.SignatureMissing},
	} {
		r := requestWith(usual, baseOf(usual, usualLines...))
		r.Header["Signature-Input"] = c.input
		r.Header["Signature"] = c.signature
		expect(t, name, v, r, c.want)
	}
	if strings.ContainsAny(signature, "+/") == false {
		t.Error("the signature has no letter that base64url has another for")
	}
	for input, want := range map[string]string{
		`("@method" "@target-uri" "content-digest");created=1772366400;keyid="k"`:               verdict.Verified,
		`("@method" "@target-uri" "content-digest");keyid="k";created=1772366400`:               verdict.Verified,
		`("@method" "@target-uri" "content-digest");created=1772366400;x;y=?0;z=1.5;w=token`:    verdict.Verified,
		`("@method" "@target-uri" "content-digest");created="1772366400"`:                       verdict.SignatureMalformed,
		`("@method" "@target-uri" "content-digest");created=1772366400.0`:                       verdict.SignatureMalformed,
		`("@method" "@target-uri" "content-digest");created=-1`:                                 verdict.SignatureMalformed,
		`("@method" "@target-uri" "content-digest");created=1772366400000000`:                   verdict.SignatureMalformed,
		`("@method" "@target-uri" "content-digest");created`:                                    verdict.SignatureMalformed,
		`("@method" "@target-uri" "content-digest");created=@1772366400`:                        verdict.SignatureMalformed,
		`("@method" "@target-uri" "content-digest");created=1772366400;keyid=k`:                 verdict.SignatureMalformed,
		`("@method" "@target-uri" "content-digest");created=1772366400;keyid=""`:                verdict.SignatureMalformed,
		`("@method" "@target-uri" "content-digest")`:                                            verdict.ParameterMissing,
		`("@method" "@target-uri" "content-digest");created=1772366400;created=1772366400`:      verdict.SignatureMalformed,
		`("@method" "@target-uri" "content-digest");created=1772366400;alg="hmac-sha256"`:       verdict.AlgorithmRefused,
		`("@method" "@target-uri" "content-digest");created=1772366400;alg="none"`:              verdict.AlgorithmRefused,
		`("@method" "@target-uri" "content-digest");created=1772366400;alg="ed25519"`:           verdict.Verified,
		`("@method" "@target-uri" "content-digest");created=1772366400;alg="rsa-pss-sha512"`:    verdict.AlgorithmRefused,
		`("@method" "@target-uri" "content-digest");created=1772366099`:                         verdict.TimestampTooOld,
		`("@method" "@target-uri" "content-digest");created=1772366100`:                         verdict.Verified,
		`("@method" "@target-uri" "content-digest");created=1772366460`:                         verdict.Verified,
		`("@method" "@target-uri" "content-digest");created=1772366461`:                         verdict.TimestampTooNew,
		`("@method" "@target-uri" "content-digest");created=999999999999999`:                    verdict.TimestampTooNew,
		`("@method" "@target-uri" "content-digest");created=1772366400;expires=1772366400`:      verdict.TimestampMalformed,
		`("@method" "@target-uri" "content-digest");created=1772366300;expires=1772366340`:      verdict.Verified,
		`("@method" "@target-uri" "content-digest");created=1772366300;expires=1772366339`:      verdict.TimestampTooOld,
		`("@method" "@target-uri" "content-digest");created=1772366400;expires=999999999999999`: verdict.TimestampTooNew,
	} {
		expect(t, input, v, requestWith(input, baseOf(input, usualLines...)), want)
	}
	// What is signed is the canonical form, whatever was sent.
	loose := `(  "@method"   "@target-uri" "content-digest"  );  created=01772366400; keyid="k"`
	expect(t, "spaces", v, requestWith(loose, baseOf(usual, usualLines...)), verdict.Verified)
	expect(t, "as it was sent", v, requestWith(loose, baseOf(loose, usualLines...)), verdict.SignatureMismatch)
}

// S06: components that a request does not have.
func TestComponents(t *testing.T) {
	v := compiled(t, config.MessageSignatureOptions{}, config.Options{})
	for _, component := range []string{`"@method"`, `"Content-Type"`, `"@status"`, `"@method";req`, `"content-type";req`, `"content-type";tr`, `"content-type";x`, `"content-type";sf=1`, `"content-type";sf;bs`, `"content-digest";key=1`, `"@query-param"`, `"@query-param";key="a"`, `"@unknown"`, `"@signature-params"`, `"con tent"`, `""`, `content-type`, `1`, `"@method";sf`, `("x")`} {
		input := `("@method" "@target-uri" "content-digest" ` + component + `);created=1772366400`
		expect(t, component, v, requestWith(input, baseOf(input, append(append([]string{}, usualLines...), component+": x")...)), verdict.SignatureMalformed)
	}
	for component, c := range map[string]struct{ value, want string }{
		`"content-type"`:                 {"application/json", verdict.Verified},
		`"content-type";bs`:              {":YXBwbGljYXRpb24vanNvbg==:", verdict.Verified},
		`"content-type";sf`:              {"application/json", verdict.SignatureMalformed},
		`"content-digest";sf`:            {digestOf(body), verdict.Verified},
		`"content-digest";key="sha-256"`: {strings.TrimPrefix(digestOf(body), "sha-256="), verdict.Verified},
		`"content-digest";key="sha-512"`: {"", verdict.ComponentMissing},
		`"x-dictionary";key="a"`:         {"(1 2);q", verdict.Verified},
		`"x-dictionary";key="b"`:         {"?1", verdict.Verified},
		`"x-two"`:                        {"a, b, c", verdict.Verified},
		`"x-two";bs`:                     {":YQ==:, :YiwgYw==:", verdict.Verified},
		`"x-empty"`:                      {"", verdict.Verified},
		`"x-absent"`:                     {"", verdict.ComponentMissing},
		`"x-latin"`:                      {"caf\xe9", verdict.SignedTextAmbiguous},
		`"x-latin";bs`:                   {":Y2Fm6Q==:", verdict.Verified},
		`"host"`:                         {"example.com", verdict.Verified},
		`"@authority"`:                   {"hooks.example.com", verdict.Verified},
		`"@scheme"`:                      {"https", verdict.Verified},
		`"@path"`:                        {"/in", verdict.Verified},
		`"@query"`:                       {"?a=1", verdict.Verified},
		`"@request-target"`:              {"/in?a=1", verdict.Verified},
		`"@query-param";name="a"`:        {"1", verdict.Verified},
		`"@query-param";name="b"`:        {"", verdict.ComponentMissing},
	} {
		input := `("@method" "@target-uri" "content-digest" ` + component + `);created=1772366400`
		r := requestWith(input, baseOf(input, append(append([]string{}, usualLines...), component+": "+c.value)...), "X-Dictionary: a=( 1  2);q, b", "X-Two:  a ", "X-Two: b, c", "X-Empty: ", "X-Latin: caf\xe9")
		expect(t, component, v, r, c.want)
	}
	// Two lines of a field of which a backend takes either.
	input := `("@method" "@target-uri" "content-digest" "content-type");created=1772366400`
	r := requestWith(input, baseOf(input, append(append([]string{}, usualLines...), `"content-type": text/xml, application/json`)...), "Content-Type: text/xml")
	expect(t, "two types", v, r, verdict.SignedTextAmbiguous)
	// A line's end in a value would begin the next component.
	r = requestWith(input, baseOf(input, append(append([]string{}, usualLines...), "\"content-type\": a\n\"x\": b")...))
	r.Header["Content-Type"] = []string{"a\n\"x\": b"}
	expect(t, "two lines", v, r, verdict.SignedTextAmbiguous)
}

// S30: of two signatures the second is right.
func TestSeveral(t *testing.T) {
	base := baseOf(usual, usualLines...)
	r := requestWith(usual, base)
	good := r.Header["Signature"][0]
	r.Header["Signature-Input"] = []string{"a=" + usual, "sig1=" + usual}
	r.Header["Signature"] = []string{"a=:" + base64.StdEncoding.EncodeToString(make([]byte, 64)) + ":, " + good}
	v := compiled(t, config.MessageSignatureOptions{}, config.Options{})
	expect(t, "second", v, r, verdict.Verified)
	if label := verify(v, r).Label; label != "sig1" {
		t.Errorf("label %s", label)
	}
	expect(t, "the first alone", compiled(t, config.MessageSignatureOptions{Label: "a"}, config.Options{}), r, verdict.SignatureMismatch)
	expect(t, "the second alone", compiled(t, config.MessageSignatureOptions{Label: "sig1"}, config.Options{}), r, verdict.Verified)
	expect(t, "another", compiled(t, config.MessageSignatureOptions{Label: "sig"}, config.Options{}), r, verdict.SignatureMissing)
	// The one that came further is the one that is told of.
	r.Header["Signature-Input"] = []string{"a=()", "sig1=" + usual}
	r.Header["Signature"] = []string{"a=:AAAA:, sig1=:AAAA:"}
	if found := verify(v, r); found.Label != "sig1" || found.Reason != verdict.SignatureMismatch {
		t.Errorf("%s of %s", found.Reason, found.Label)
	}
}

// What a profile demands beyond the RFC.
func TestProfile(t *testing.T) {
	v := compiled(t, config.MessageSignatureOptions{
		Parameters: []string{"created", "expires", "nonce", "keyid", "tag"}, Tags: []string{"t/v1"}, MaxLifetime: 5 * time.Minute, MinNonceBytes: 16, KeyIDs: []string{"k"},
	}, config.Options{})
	whole := `("@method" "@target-uri" "content-digest");created=1772366400;expires=1772366700;nonce="AAAAAAAAAAAAAAAAAAAAAA";keyid="k";tag="t/v1"`
	for _, c := range []struct{ old, new, want string }{
		{"", "", verdict.Verified},
		{`;tag="t/v1"`, ``, verdict.ParameterMissing},
		{`t/v1`, `t/v2`, verdict.TagMismatch},
		{`t/v1`, `T/v1`, verdict.TagMismatch},
		{`700`, `701`, verdict.TimestampMalformed},
		{`"AAAAAAAAAAAAAAAAAAAAAA"`, `"AAAAAAAAAAAAAAAAAAAAAA=="`, verdict.NonceMalformed},
		{`"AAAAAAAAAAAAAAAAAAAAAA"`, `"AAAAAAAAAAA"`, verdict.NonceMalformed},
		{`"AAAAAAAAAAAAAAAAAAAAAA"`, `"AAAAAAAAAAAAAAAAAAAAAB"`, verdict.NonceMalformed},
		{`"k"`, `"K"`, verdict.KeyUnknown},
		{`;nonce="AAAAAAAAAAAAAAAAAAAAAA"`, ``, verdict.ParameterMissing},
		{`;expires=1772366700`, ``, verdict.ParameterMissing},
	} {
		input := strings.Replace(whole, c.old, c.new, 1)
		expect(t, input, v, requestWith(input, baseOf(input, usualLines...)), c.want)
	}
}
