package hookward

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// vector is a file of testdata/vectors: lines of "key: value", an empty line,
// and the body to the end of the file. One file shows one thing.
//
//	comment   where it is from, and what it shows
//	option    name=value of the middleware's configuration; list[]=value appends
//	header    Name: value
//	now       seconds since 1970
//	expect    the reason of the decision
type vector struct {
	options map[string]any
	headers []string
	now     time.Time
	expect  string
	body    string
}

func readVector(t *testing.T, path string) vector {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, body, ok := strings.Cut(string(b), "\n\n")
	if !ok {
		t.Fatalf("%s: no empty line", path)
	}
	v := vector{options: map[string]any{}, now: testTime, body: body}
	for _, line := range strings.Split(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "comment":
		case "option":
			name, text, _ := strings.Cut(value, "=")
			setOption(v.options, name, text)
		case "header":
			v.headers = append(v.headers, value)
		case "now":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			v.now = time.Unix(n, 0)
		case "expect":
			v.expect = value
		default:
			t.Fatalf("%s: unknown key %q", path, key)
		}
	}
	return v
}

func setOption(options map[string]any, name, text string) {
	section, rest, nested := strings.Cut(name, ".")
	if nested {
		if options[section] == nil {
			options[section] = map[string]any{}
		}
		setOption(options[section].(map[string]any), rest, text)
		return
	}
	if strings.HasSuffix(name, "[]") {
		name = strings.TrimSuffix(name, "[]")
		list, _ := options[name].([]any)
		options[name] = append(list, text)
		return
	}
	options[name] = text
}

func TestVectors(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "vectors", "*", "*"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("only %d vectors: %v", len(paths), err)
	}
	for _, path := range paths {
		v := readVector(t, path)
		if got := reasonFor(t, v); got != v.expect {
			t.Errorf("%s: got %s, want %s", path, got, v.expect)
		}
	}
}

func reasonFor(t *testing.T, v vector) string {
	t.Helper()
	capture(t)
	g := newTestGate("vector", v.options, compile, v.now)
	if g.policy == nil {
		t.Fatalf("configuration %v: %v", v.options, compile(v.options).problems)
	}
	return decide(g, newPost(v.body, v.headers...), v.now).reason
}

// published is a vector of the larger set of published ones, which lies beside
// the repository where the project is developed; it is not ours to ship.
type published struct {
	ID      string            `json:"id"`
	Scheme  string            `json:"scheme"`
	Secret  any               `json:"secret"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Expect  string            `json:"expect"`
	Now     int64             `json:"now"`
	Why     string            `json:"why"`
}

// readPublished returns the vectors, and the configurations of their schemes.
func readPublished(t *testing.T) ([]published, map[string]map[string]any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "shared", "facts", "vectors.json"))
	if os.IsNotExist(err) {
		t.Skip("the published vectors are not here")
	}
	var set []published
	if err := json.Unmarshal(b, &set); err != nil {
		t.Fatal(err)
	}
	b, err = os.ReadFile(filepath.Join("testdata", "published.json"))
	if err != nil {
		t.Fatal(err)
	}
	schemes := map[string]map[string]any{}
	if err := json.Unmarshal(b, &schemes); err != nil {
		t.Fatal(err)
	}
	return set, schemes
}

// bodyDigestField is what Twilio adds to the URL that it was given.
var bodyDigestField = regexp.MustCompile(`[?&]bodySHA256=[0-9a-f]+$`)

// publishedOptions fills a scheme's configuration with what a vector says.
func publishedOptions(v published, scheme map[string]any) map[string]any {
	secrets, several := v.Secret.([]any)
	if !several {
		secrets = []any{v.Secret}
	}
	options := map[string]any{}
	for name, value := range scheme {
		text, ok := value.(string)
		if ok && text == "$secrets" {
			options[name] = secrets
		} else if ok && text == "$url" {
			options[name] = bodyDigestField.ReplaceAllString(v.URL, "")
		} else {
			options[name] = value
		}
	}
	return options
}

// notYet are the schemes whose vectors are left out: those that sign a JWT, and
// PayPal, whose certificate is not part of the vector.
var notYet = []string{"jwt", "messagebird", "paypal"}

func TestPublishedVectors(t *testing.T) {
	set, schemes := readPublished(t)
	accepted, refused := 0, 0
	for _, v := range set {
		scheme, known := schemes[v.Scheme]
		if !known {
			if !contains(notYet, v.Scheme) {
				t.Errorf("%s: no configuration for the scheme %s", v.ID, v.Scheme)
			}
			continue
		}
		reason, problems := judge(t, v, publishedOptions(v, scheme), v.Body)
		if (reason == verified) != (v.Expect == "valid") {
			t.Errorf("%s (%s): %s, want %s: %s %v", v.ID, v.Scheme, reason, v.Expect, v.Why, problems)
		}
		if reason == verified {
			accepted++
		} else {
			refused++
		}
		if v.Scheme == "adyen" && v.Expect == "valid" {
			testAdyenBatch(t, v)
		}
	}
	if accepted < 46 || refused < 40 {
		t.Errorf("only %d accepted and %d refused", accepted, refused)
	}
}

// judge returns the reason for a vector's request with another body.
func judge(t *testing.T, v published, options map[string]any, body string) (string, []string) {
	t.Helper()
	now := time.Unix(v.Now, 0)
	if v.Now == 0 {
		now = timestampOf(v)
	}
	capture(t)
	g := newTestGate("published", options, compile, now)
	if g.policy == nil {
		return configInvalid, compile(options).problems
	}
	r := newPost(body)
	r.Header = http.Header{}
	for name, value := range v.Headers {
		r.Header.Add(name, value)
	}
	u, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Path = u.Path
	r.URL.RawQuery = u.RawQuery
	return decide(g, r, now).reason, nil
}

// amount is the object of an Adyen item that has two signed values.
var amount = regexp.MustCompile(`"amount":\s*\{([^}]*)\}`)

// testAdyenBatch puts a published item into a batch, as Adyen sends it: every
// item must be signed.
func testAdyenBatch(t *testing.T, v published) {
	t.Helper()
	options := map[string]any{"provider": "adyen", "secrets": []any{v.Secret}}
	item := `{"NotificationRequestItem":` + v.Body + `}`
	forged := strings.Replace(item, `"value": 1000`, `"value": 9000`, 1)
	// Yaegi once took the fields of the object around for those of what is none.
	hoisted := amount.ReplaceAllString(item, `"amount": 9000, $1`)
	for body, want := range map[string]string{
		`{"live":"false","notificationItems":[` + item + `]}`:                                               verified,
		`{"notificationItems":[` + item + `,` + item + `]}`:                                                 verified,
		`{"notificationItems":[` + item + `,` + forged + `]}`:                                               signatureMismatch,
		`{"notificationItems":[` + hoisted + `]}`:                                                           signedFieldMissing,
		`{"notificationItems":[` + strings.Replace(item, "{\n", `{"originalReference":["EVIL"],`, 1) + `]}`: signedFieldMissing,
		`{"notificationItems":[` + strings.Replace(item, "{\n", `{"originalreference":"EVIL",`, 1) + `]}`:   bodyMalformed,
		`{"notificationItems":[` + item + `,5]}`:                                                            signatureMissing,
		`{"notificationItems":[` + item + `,[` + item + `]]}`:                                               signatureMissing,
		`{"notificationItems":[` + item + `,{}]}`:                                                           signatureMissing,
		`{"notificationItems":[` + item + `,null]}`:                                                         signatureMissing,
		`{"notificationItems":[]}`:                                                                          signatureMissing,
		`{"notificationItems":[` + item + `],"notificationItems":[]}`:                                       signatureMissing,
		`{"notificationItems":[` + item + `],"NotificationItems":[{}]}`:                                     bodyMalformed,
		`{"notificationItems":[` + item + `]} {}`:                                                           bodyMalformed,
		v.Body: signatureMissing,
	} {
		reason, problems := judge(t, v, options, body)
		if forged != item && reason != want {
			t.Errorf("%s in a batch %.60s...: %s %v, want %s", v.ID, body, reason, problems, want)
		}
	}
}

// timestampOf is the present of a vector that names none: the time at which it
// was signed.
func timestampOf(v published) time.Time {
	for _, value := range v.Headers {
		for _, field := range strings.FieldsFunc(value, func(c rune) bool { return c < '0' || c > '9' }) {
			n, err := strconv.ParseInt(field, 10, 64)
			if err == nil && len(field) == 10 {
				return time.Unix(n, 0)
			}
		}
	}
	return testTime
}

// TestPublishedHandshakes holds the published answers to handshakes against the
// gate's, and the questions that must not be answered.
func TestPublishedHandshakes(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "shared", "facts", "handshake_vectors.json"))
	if os.IsNotExist(err) {
		t.Skip("the published handshakes are not here")
	}
	var set []struct {
		Provider string `json:"provider"`
		Secret   any    `json:"secret"`
		Request  struct {
			Method string `json:"method"`
			Query  string `json:"query"`
		} `json:"request"`
		Expected struct {
			Status int    `json:"status"`
			Body   string `json:"body"`
			JSON   any    `json:"json"`
			Error  string `json:"error"`
		} `json:"expected_response"`
	}
	if err := json.Unmarshal(b, &set); err != nil {
		t.Fatal(err)
	}
	tested := 0
	for i, v := range set {
		if v.Provider == "atlassian-connect" {
			continue // a JWT's
		}
		options := map[string]any{"provider": v.Provider, "secrets": v.Secret}
		keys, isPair := v.Secret.(map[string]any)
		if isPair {
			options["secrets"] = keys["private_key"]
			options["senders"] = keys["public_key"]
		}
		capture(t)
		h := newTestHandler(t, http.NotFoundHandler(), options)
		r := httptest.NewRequest(v.Request.Method, "/hooks?"+v.Request.Query, nil)
		rw := httptest.NewRecorder()
		h.ServeHTTP(rw, r)
		tested++
		if v.Expected.Error != "" {
			if rw.Code != http.StatusForbidden {
				t.Errorf("%d (%s): VULNERABLE: %d %q, want 403: %s", i, v.Provider, rw.Code, rw.Body, v.Expected.Error)
			}
			continue
		}
		want := v.Expected.Body
		if v.Expected.JSON != nil {
			text, err := json.Marshal(v.Expected.JSON)
			if err != nil {
				t.Fatal(err)
			}
			want = string(text)
		}
		if rw.Code != v.Expected.Status || rw.Body.String() != want {
			t.Errorf("%d (%s): %d %q, want %d %q", i, v.Provider, rw.Code, rw.Body, v.Expected.Status, want)
		}
	}
	if tested < 4 {
		t.Errorf("only %d handshakes", tested)
	}
}
