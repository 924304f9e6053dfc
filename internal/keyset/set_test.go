package keyset

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/secrets"
)

// edwards is the key of RFC 8037, A.2.
const edwards = `"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`

// point returns the members of a new key of P-256.
func point(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	code := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	return fmt.Sprintf(`"kty":"EC","crv":"P-256","x":"%s","y":"%s"`, code(key.X.FillBytes(make([]byte, 32))), code(key.Y.FillBytes(make([]byte, 32))))
}

// issuer is a server whose answers a test changes, by their path.
type issuer struct {
	mu      sync.Mutex
	answers map[string]string // a text; "hang", or "500"
	asked   map[string]int
	release chan bool
	url     string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	s := &issuer{answers: map[string]string{}, asked: map[string]int{}, release: make(chan bool)}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked[r.URL.Path]++
		answer, there := s.answers[r.URL.Path]
		s.mu.Unlock()
		switch {
		case !there:
			http.NotFound(rw, r)
		case answer == "500":
			rw.WriteHeader(http.StatusInternalServerError)
		case answer == "hang":
			<-s.release
		default:
			rw.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(rw, answer)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(s.release) })
	s.url = server.URL
	return s
}

func answer(s *issuer, path, text string) {
	s.mu.Lock()
	s.answers[path] = text
	s.mu.Unlock()
}

func asked(s *issuer, path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// log collects what is told.
type log struct {
	mu    sync.Mutex
	lines []string
}

func tellTo(l *log) func(level, message string, now time.Time) {
	return func(level, message string, _ time.Time) {
		l.mu.Lock()
		l.lines = append(l.lines, level+": "+message)
		l.mu.Unlock()
	}
}

func said(l *log) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// use compiles options and uses the sources.
func use(t *testing.T, o config.JWKSOptions, directory string, issuers ...string) ([]*Set, *log) {
	t.Helper()
	n := &config.Notes{}
	sources := Compile(n, &secrets.Resolver{}, o, "jwks", issuers, directory)
	if len(n.Problems) > 0 {
		t.Fatal(config.Sentences(n.Problems))
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	l := &log{}
	sets := []*Set{}
	for _, s := range sources {
		sets = append(sets, Use(ctx, s, tellTo(l), time.Now()))
	}
	return sets, l
}

// find is Find, as a word: which keys were found, or why none.
func find(s *Set, id, algorithm string, now time.Time) string {
	keys, outcome := Find(s, id, algorithm, now)
	if outcome == Ready {
		ids := []string{}
		for _, k := range keys {
			ids = append(ids, k.ID+"/"+k.Family)
		}
		return strings.Join(ids, " ")
	}
	return []string{"unavailable", "", "unknown", "misfit"}[outcome]
}

func expect(t *testing.T, s *Set, id, algorithm, want string) {
	t.Helper()
	if got := find(s, id, algorithm, time.Now()); got != want {
		t.Errorf("%q %s: %s, want %s", id, algorithm, got, want)
	}
}

func TestFind(t *testing.T) {
	i := newIssuer(t)
	answer(i, "/keys", `{"keys":[{`+point(t)+`,"kid":"a"},{`+edwards+`,"kid":"b"},{`+edwards+`},{"kty":"oct","k":"-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE","kid":"h"}]}`)
	sets, l := use(t, config.JWKSOptions{URL: i.url + "/keys", PlainHTTP: true}, "")
	s := sets[0]
	expect(t, s, "a", "ES256", "a/P-256") // the first waits for the fetch
	expect(t, s, "b", "EdDSA", "b/Ed25519")
	expect(t, s, "a", "EdDSA", "misfit")
	expect(t, s, "a", "ES384", "misfit")
	expect(t, s, "a", "none", "misfit")
	expect(t, s, "a", "HS256", "misfit")
	expect(t, s, "h", "HS256", "misfit") // a key without an id is there, and of another family
	expect(t, s, "", "ES256", "a/P-256")
	expect(t, s, "", "EdDSA", "b/Ed25519 /Ed25519")
	expect(t, s, "", "HS256", "misfit")
	expect(t, s, "c", "EdDSA", "/Ed25519") // a key without an id may be any
	expect(t, s, strings.Repeat("c", 10<<10), "ES256", "misfit")
	if asked(i, "/keys") != 1 {
		t.Errorf("fetched %d times", asked(i, "/keys"))
	}
	if !strings.Contains(said(l), `info: the key set `+i.url+`/keys has 3 keys (P-256 "a", Ed25519 "b", Ed25519)`) {
		t.Error(said(l))
	}
}

// Ten thousand ids that nobody has are one fetch, and known ones pass meanwhile.
func TestUnknownIDs(t *testing.T) {
	i := newIssuer(t)
	answer(i, "/keys", `{"keys":[{`+edwards+`,"kid":"old"}]}`)
	sets, _ := use(t, config.JWKSOptions{URL: i.url + "/keys", PlainHTTP: true}, "")
	s := sets[0]
	expect(t, s, "old", "EdDSA", "old/Ed25519")
	for n := 0; n < 10_000; n++ {
		if got := find(s, fmt.Sprintf("junk-%d", n), "EdDSA", time.Now()); got != "unknown" {
			t.Fatal(got)
		}
	}
	expect(t, s, "old", "EdDSA", "old/Ed25519")
	if asked(i, "/keys") != 1 {
		t.Errorf("fetched %d times", asked(i, "/keys"))
	}
	// A new key is there with the next fetch that may be.
	answer(i, "/keys", `{"keys":[{`+edwards+`,"kid":"old"},{`+point(t)+`,"kid":"new"}]}`)
	expect(t, s, "new", "ES256", "unknown")
	s.source.MinRefresh = 0
	expect(t, s, "new", "ES256", "new/P-256")
	expect(t, s, "old", "EdDSA", "old/Ed25519")
	if asked(i, "/keys") != 2 {
		t.Errorf("fetched %d times", asked(i, "/keys"))
	}
	// A key that is withdrawn is none from then on.
	answer(i, "/keys", `{"keys":[{`+point(t)+`,"kid":"new"}]}`)
	expect(t, s, "other", "ES256", "unknown")
	expect(t, s, "old", "EdDSA", "unknown")
}

// What is no set changes nothing, and leaves it open whether there is an unknown key.
func TestRefusedSets(t *testing.T) {
	i := newIssuer(t)
	answer(i, "/keys", `{"keys":[{`+edwards+`,"kid":"a"}]}`)
	sets, l := use(t, config.JWKSOptions{URL: i.url + "/keys", PlainHTTP: true}, "")
	s := sets[0]
	expect(t, s, "a", "EdDSA", "a/Ed25519")
	s.source.MinRefresh = 0
	many := `{"keys":[` + strings.Repeat("{"+edwards+"},", 100) + "{" + edwards + "}]}"
	for text, says := range map[string]string{
		"500":                                   "the answer is 500",
		"":                                      "is not one JSON object",
		`[]`:                                    "is not one JSON object",
		`{}`:                                    "has no list named keys",
		`{"keys":[]}`:                           "has no public keys",
		`{"keys":[{"kty":"oct"}]}`:              "has no key that can be used",
		`{"keys":[{` + edwards + `,"d":"AA"}]}`: "is a private key",
		`{"keys":[{` + edwards + `,"use":"enc"}]}`:                                                               "has the use",
		`{"keys":[{` + edwards + `,"kid":"b"},{` + strings.Replace(edwards, "11qY", "11qZ", 1) + `,"kid":"b"}]}`: `has the kid "b" twice`,
		many:                              "has 101 keys",
		strings.Repeat("x", 600<<10):      "is larger than 524288 bytes",
		"<!doctype html><h1>Sign in</h1>": "is not one JSON object",
	} {
		answer(i, "/keys", text)
		expect(t, s, "b", "EdDSA", "unavailable")
		expect(t, s, "a", "EdDSA", "a/Ed25519")
		if !strings.Contains(said(l), says) {
			t.Errorf("%.80q: not said: %s", text, says)
		}
	}
	answer(i, "/keys", `{"keys":[{`+edwards+`,"kid":"a"},{`+point(t)+`,"d":"AA"}]}`)
	expect(t, s, "b", "EdDSA", "unknown")
	if !strings.Contains(said(l), "has a private key in it, with which whoever can read it can sign; that key is left out") {
		t.Error(said(l))
	}
}

// What is too old counts for nothing, and a source that was never there neither.
func TestStaleSets(t *testing.T) {
	i := newIssuer(t)
	answer(i, "/keys", `{"keys":[{`+edwards+`,"kid":"a"}]}`)
	sets, _ := use(t, config.JWKSOptions{URL: i.url + "/keys", PlainHTTP: true, MaxStale: 2 * time.Hour}, "")
	expect(t, sets[0], "a", "EdDSA", "a/Ed25519")
	if got := find(sets[0], "a", "EdDSA", time.Now().Add(119*time.Minute)); got != "a/Ed25519" {
		t.Error(got)
	}
	if got := find(sets[0], "a", "EdDSA", time.Now().Add(121*time.Minute)); got != "unavailable" {
		t.Error(got)
	}
	answer(i, "/down", "500")
	sets, _ = use(t, config.JWKSOptions{URL: i.url + "/down", PlainHTTP: true}, "")
	expect(t, sets[0], "a", "EdDSA", "unavailable")
	answer(i, "/hangs", "hang")
	sets, _ = use(t, config.JWKSOptions{URL: i.url + "/hangs", PlainHTTP: true}, "")
	expect(t, sets[0], "a", "EdDSA", "unavailable")
}

// A change of options is no moment without keys, and the last good set outlives the
// process.
func TestWhatStays(t *testing.T) {
	i := newIssuer(t)
	directory := filepath.Join(t.TempDir(), "state")
	answer(i, "/keys", `{"keys":[{`+edwards+`,"kid":"a"}]}`)
	o := config.JWKSOptions{URL: i.url + "/keys", PlainHTTP: true}
	sets, _ := use(t, o, directory)
	expect(t, sets[0], "a", "EdDSA", "a/Ed25519")
	answer(i, "/keys", "500")
	o.Refresh = 2 * time.Hour
	s := Compile(&config.Notes{}, &secrets.Resolver{}, o, "jwks", nil, directory)[0]
	names, err := os.ReadDir(directory)
	for deadline := time.Now().Add(10 * time.Second); (err != nil || len(names) == 0) && time.Now().Before(deadline); {
		names, err = os.ReadDir(directory) // it is written after it is in force
	}
	if err != nil || len(names) != 1 || !strings.HasPrefix(names[0].Name(), "key-set-") {
		t.Fatalf("%v %v", names, err)
	}
	l := &log{}
	next := Use(context.Background(), s, tellTo(l), time.Now())
	expect(t, next, "a", "EdDSA", "a/Ed25519")
}
