package hookward

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/courier"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/store"
)

// onDisk returns all that the stores below a directory have, in one text.
func onDisk(t *testing.T, state string) string {
	t.Helper()
	all := ""
	files, _ := filepath.Glob(filepath.Join(state, "delivery-*", "*", "?", "*"))
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all += string(content)
	}
	return all
}

// A token is not stored, wherever it stands, and the one that is in force is put in anew.
func TestTokensAreNotStored(t *testing.T) {
	for _, c := range []struct {
		token                 map[string]any
		target, header, value string
		want                  func(r *seen) bool
	}{
		{map[string]any{"header": "X-Token"}, "/hooks?a=b", "X-Token", "%", func(r *seen) bool { return r.headers.Get("X-Token") == "%" }},
		{map[string]any{"bearer": "true"}, "/hooks", "Authorization", "Bearer %", func(r *seen) bool { return r.headers.Get("Authorization") == "Bearer %" }},
		{map[string]any{"query": "token"}, "/hooks?a=b&token=%&c=d", "X-Other", "1", func(r *seen) bool { return r.uri == "/hooks?a=b&token=%&c=d" }},
	} {
		old := "an-old-token-of-some-length"
		fresh := "a-new-token-of-some-length"
		k := keptGate(t, map[string]any{"retry": map[string]any{"schedule": "10ms,10ms,10ms"}}, statuses(503, 200))
		end(k)
		k.raw = map[string]any{"token": c.token, "secrets": []any{old}, "ban": "false", "stateDirectory": k.state, "delivery": map[string]any{"retry": map[string]any{"schedule": "1h"}}}
		begin(k)
		r := hooktest.NewRequest(http.MethodPost, strings.ReplaceAll(c.target, "%", old), "body", c.header+": "+strings.ReplaceAll(c.value, "%", old))
		r.RequestURI = r.URL.RequestURI()
		rw := httptest.NewRecorder()
		k.gate.ServeHTTP(rw, r)
		if rw.Code != http.StatusAccepted {
			t.Fatalf("%v: %d\n%s", c.token, rw.Code, k.records())
		}
		numbers(k, 1, 0)
		stored := onDisk(t, k.state)
		if strings.Contains(stored, old) || !strings.Contains(stored, "body") {
			t.Errorf("%v: %q", c.token, stored)
		}
		// A rotation between the arrival and the attempt, and a time at which it is due.
		end(k)
		k.raw["secrets"] = []any{fresh, old}
		dueNow(t, k.state)
		begin(k)
		numbers(k, 0, 0)
		got := arrivals(k.backend)
		last := *got[len(got)-1]
		for name, values := range last.headers {
			last.headers[name] = []string{strings.ReplaceAll(values[0], fresh, "%")}
		}
		last.uri = strings.ReplaceAll(last.uri, fresh, "%")
		if len(got) != 2 || !c.want(&last) {
			t.Errorf("%v: %d arrivals, %+v", c.token, len(got), last)
		}
		end(k)
	}
}

// dueNow makes due what waits.
func dueNow(t *testing.T, state string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(state, "delivery-*", "waiting", "?", "*"))
	for _, file := range files {
		i := strings.LastIndex(file, ".")
		if err := os.Rename(file, file[:i]+".0"); err != nil {
			t.Fatal(err)
		}
	}
}

// With keys, nothing of a delivery stands on the disk in clear.
func TestEncryptedStore(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 31) + "!"))
	hooktest.Setenv(t, "STORE_KEY", key)
	k := keptGate(t, map[string]any{"store": map[string]any{"encryptionKeys": []any{"env:STORE_KEY"}}, "retry": map[string]any{"schedule": "1h"}}, statuses(503, 200))
	post(k, "a body that nobody reads", "X-Private: quite")
	numbers(k, 1, 0)
	stored := onDisk(t, k.state)
	if strings.Contains(stored, "nobody reads") || strings.Contains(stored, "quite") || !strings.Contains(stored, "aes-256-gcm") || strings.Contains(k.records(), key) {
		t.Errorf("%q", stored)
	}
	end(k)
	dueNow(t, k.state)
	begin(k)
	numbers(k, 0, 0)
	if got := arrivals(k.backend); len(got) != 2 || got[1].body != "a body that nobody reads" || got[1].headers.Get("X-Private") != "quite" {
		t.Errorf("%+v", got)
	}
}

// Trailers, and bodies in any encoding, come again as they were.
func TestTrailersComeAgain(t *testing.T) {
	k := keptGate(t, nil, statuses(503, 200))
	body := "\x1f\x8b not really gzip \x00"
	r := hooktest.SignedPost(body, "Content-Encoding: gzip")
	r.RequestURI = r.URL.RequestURI()
	r.Body = io.NopCloser(strings.NewReader(body))
	r.ContentLength = -1
	r.Trailer = http.Header{"X-Sum": {"1"}}
	rw := httptest.NewRecorder()
	k.gate.ServeHTTP(rw, r)
	numbers(k, 0, 0)
	got := arrivals(k.backend)
	if rw.Code != http.StatusAccepted || len(got) != 2 || got[1].body != body || got[1].trailer.Get("X-Sum") != "1" || got[1].headers.Get("Content-Encoding") != "gzip" {
		t.Errorf("%d %+v", rw.Code, got)
	}
}

// Two gates of one middleware on the way, as at an entry point and on a router: one of them
// keeps, and an attempt in the background passes both.
func TestKeptByOneOfTwo(t *testing.T) {
	for _, replay := range []string{"true", ""} {
		k := keptGate(t, nil, statuses(503, 503, 200))
		if replay == "" {
			delete(k.raw, "replay")
		}
		end(k)
		begin(k)
		inner := k.gate
		outer, _ := New(context.Background(), inner, &Config{Raw: k.raw}, k.name)
		k.gate = outer
		atomic.StoreInt32(metrics.Wanted, 1)
		// The newest one counts, so the other comes last.
		for _, newest := range []http.Handler{nil, inner} {
			if newest != nil {
				begin(k)
				k.gate = outer
			}
			if rw := post(k, "body "+replay); rw.Code != http.StatusAccepted && newest == nil {
				t.Errorf("%d", rw.Code)
			}
			numbers(k, 0, 0)
		}
		got := arrivals(k.backend)
		ids := map[string]bool{}
		for i := 0; i < 3; i++ {
			ids[got[i].headers.Get("X-Hookward-Id")] = true
		}
		if len(ids) != 1 || len(got) > 4 {
			t.Errorf("replay %q: %d arrivals, of ids %v", replay, len(got), ids)
		}
		if n := samplesOf(k.name)["hookward_requests_in_flight{}"]; n != "0" {
			t.Errorf("replay %q: %q requests are in flight when all is over", replay, n)
		}
		end(k)
	}
}

// What observeOnly lets through is not verified, so it is not stored.
func TestObservedIsNotStored(t *testing.T) {
	k := keptGate(t, nil, statuses(503))
	end(k)
	k.raw["observeOnly"] = "true"
	begin(k)
	rw := httptest.NewRecorder()
	k.gate.ServeHTTP(rw, hooktest.NewPost("forged", "X-Hookward-Id: mine", "X-Hookward-Attempt: 1"))
	if rw.Code != 503 || len(arrivals(k.backend)) != 1 || arrivals(k.backend)[0].headers.Get("X-Hookward-Id") != "" {
		t.Errorf("%d %+v", rw.Code, arrivals(k.backend))
	}
	numbers(k, 0, 0)
	if rw = post(k, "signed"); rw.Code != http.StatusAccepted {
		t.Errorf("%d", rw.Code)
	}
}

// Where records are required, an attempt leaves one too, and is not made without.
func TestRequiredRecordOfAttempt(t *testing.T) {
	k := keptGate(t, nil, statuses(503, 200))
	end(k)
	k.raw["audit"] = map[string]any{"required": "true", "outputs": []any{map[string]any{"type": "file", "path": filepath.Join(k.state, "records", "audit.log")}}}
	if err := os.Mkdir(filepath.Join(k.state, "records"), 0o700); err != nil {
		t.Fatal(err)
	}
	begin(k)
	if rw := post(k, "body"); rw.Code != http.StatusAccepted {
		t.Fatalf("%d\n%s", rw.Code, k.records())
	}
	numbers(k, 0, 0)
	await.Until(t, "the attempt has no record", func() bool {
		content, _ := os.ReadFile(filepath.Join(k.state, "records", "audit.log"))
		return strings.Contains(string(content), `"event.action":"delivered"`) && strings.Contains(string(content), `"event.sequence":2,`)
	})
}

// A store of a middleware that is gone is told of, be it that it has nothing but what has
// arrived, which nobody removes any more.
func TestOrphans(t *testing.T) {
	k := keptGate(t, map[string]any{"retry": map[string]any{"schedule": "1h"}, "store": map[string]any{"keepDelivered": "1h"}}, statuses(503, 200))
	post(k, "body")
	post(k, "another body")
	numbers(k, 1, 0)
	await.Until(t, "what has arrived is not kept", func() bool {
		return delivery.Count(engineOf(k)).Delivered == 1
	})
	end(k)
	courier.TellOrphans(k.state, func(_ string) bool { return false }, time.Now())
	if !strings.Contains(k.records(), "there is no such middleware") || !strings.Contains(k.records(), "has 2 deliveries of it") {
		t.Error(k.records())
	}
	begin(k)
}

// Each attempt is signed anew, so that a gate for Standard Webhooks takes each of them, and
// what a sender sends by these names is replaced.
func TestSignedForTheBackend(t *testing.T) {
	secret := "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	hooktest.Setenv(t, "BACKEND_SECRET", secret)
	for _, mode := range []string{"sync", "accept"} {
		k := keptGate(t, map[string]any{"mode": mode, "sign": map[string]any{"secret": "env:BACKEND_SECRET"}, "retry": map[string]any{"schedule": "1100ms,1100ms", "jitter": "0"}}, statuses(503, 200))
		post(k, "body \x00", "Webhook-Id: 1", "Webhook-Signature: v1,forged", "Webhook-Timestamp: 5")
		numbers(k, 0, 0)
		got := arrivals(k.backend)
		if len(got) != 2 || got[0].headers.Get("Webhook-Timestamp") == got[1].headers.Get("Webhook-Timestamp") {
			t.Errorf("%d arrivals, signed at %v", len(got), got[0].headers)
		}
		behind := newTestHandler(t, statusHandler(http.StatusNoContent), map[string]any{"provider": "standard-webhooks", "secrets": []any{secret}})
		for i, one := range got {
			r := hooktest.NewRequest(http.MethodPost, "/", one.body)
			r.Header = one.headers.Clone()
			rw := httptest.NewRecorder()
			behind.ServeHTTP(rw, r)
			if rw.Code != http.StatusNoContent || one.headers.Get("Webhook-Id") != one.headers.Get("X-Hookward-Id") {
				t.Errorf("%s, attempt %d: %d %v", mode, i+1, rw.Code, one.headers)
			}
		}
		end(k)
	}
}

func statusHandler(status int) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) })
}

// A sender can't make the gate believe that a request is an attempt of its own.
func TestForgedAttempt(t *testing.T) {
	k := keptGate(t, nil, statuses(200))
	for _, headers := range [][]string{
		{"X-Hookward-Attempt: 1"}, {"X-Hookward-Attempt: 2", "X-Hookward-Id: " + store.NewID(), "X-Hookward-Received: now"},
	} {
		rw := httptest.NewRecorder()
		k.gate.ServeHTTP(rw, hooktest.NewPost("forged", headers...))
		if rw.Code != http.StatusUnauthorized || len(arrivals(k.backend)) != 0 {
			t.Errorf("%v: %d", headers, rw.Code)
		}
	}
}

// Mistakes are named with their path and a cure.
func TestDeliveryMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		more map[string]any
		want string
	}{
		"no directory":                  {map[string]any{"delivery": "true", "stateDirectory": nil}, "delivery: needs stateDirectory"},
		"mode":                          {map[string]any{"delivery": map[string]any{"mode": "async"}}, "delivery.mode: "},
		"pass in accept":                {map[string]any{"delivery": map[string]any{"mode": "accept", "onFailure": "pass"}}, "delivery.onFailure: contradicts"},
		"short window":                  {map[string]any{"replay": map[string]any{"window": "1h"}, "delivery": "true"}, "replay.window: must be at least 24h0m0s, which is delivery.retry.maxAge"},
		"reads the answer":              {map[string]any{"provider": "twilio", "publicURL": "https://example.com", "replay": nil, "delivery": map[string]any{"mode": "accept"}}, "delivery.mode: can't be accept"},
		"no pause":                      {map[string]any{"delivery": map[string]any{"retry": map[string]any{"schedule": "1s,0s"}}}, "delivery.retry.schedule[1]: "},
		"negative pause":                {map[string]any{"delivery": map[string]any{"retry": map[string]any{"schedule": "-1s"}}}, "delivery.retry.schedule[0]: "},
		"long pause":                    {map[string]any{"delivery": map[string]any{"retry": map[string]any{"schedule": "25h"}}}, "delivery.retry.schedule[0]: "},
		"many pauses":                   {map[string]any{"delivery": map[string]any{"retry": map[string]any{"schedule": strings.Repeat("1s,", 32) + "1s"}}}, "delivery.retry.schedule: has more than 32"},
		"jitter":                        {map[string]any{"delivery": map[string]any{"retry": map[string]any{"jitter": "1.5"}}}, "delivery.retry.jitter: "},
		"jitter is no word":             {map[string]any{"delivery": map[string]any{"retry": map[string]any{"jitter": "NaN"}}}, "delivery.retry.jitter: "},
		"on":                            {map[string]any{"delivery": map[string]any{"retry": map[string]any{"on": "network,5xx"}}}, "delivery.retry.on[1]: "},
		"on a success":                  {map[string]any{"delivery": map[string]any{"retry": map[string]any{"on": "200-599"}}}, "delivery.retry.on[0]: "},
		"rate":                          {map[string]any{"delivery": map[string]any{"rate": "true"}}, "delivery.rate.average: is required"},
		"concurrency":                   {map[string]any{"delivery": map[string]any{"concurrency": "65"}}, "delivery.concurrency: "},
		"store of another type":         {map[string]any{"delivery": map[string]any{"store": map[string]any{"type": "s3"}}}, "delivery.store.type: "},
		"store in redis without redis":  {map[string]any{"delivery": map[string]any{"store": map[string]any{"type": "redis"}}}, "delivery.store.type: needs redis"},
		"store on disk with redis":      {map[string]any{"stateDirectory": nil, "redis": map[string]any{}, "delivery": map[string]any{"store": map[string]any{"type": "disk"}}}, "delivery: needs stateDirectory"},
		"small store":                   {map[string]any{"delivery": map[string]any{"store": map[string]any{"maxBytes": "1000"}}}, "delivery.store.maxBytes: "},
		"short key":                     {map[string]any{"delivery": map[string]any{"store": map[string]any{"encryptionKeys": "MDEyMzQ1Njc4OWFiY2RlZg=="}}}, "delivery.store.encryptionKeys[0]: must be 32 bytes"},
		"header":                        {map[string]any{"delivery": map[string]any{"idHeader": "X Y"}}, "delivery.idHeader: "},
		"our header":                    {map[string]any{"delivery": map[string]any{"idHeader": "x-hookward-id"}}, "delivery.idHeader: "},
		"signed header":                 {map[string]any{"delivery": map[string]any{"idHeader": "X-Hub-Signature-256"}}, "delivery.idHeader: "},
		"header of a message signature": {map[string]any{"provider": nil, "replay": nil, "secrets": "0123456789abcdef0123456789abcdef", "messageSignature": map[string]any{"algorithms": "hmac-sha256"}, "delivery": map[string]any{"idHeader": "Content-Digest"}}, "delivery.idHeader: is a header that the sender has signed"},
		"token in the body":             {map[string]any{"provider": nil, "replay": nil, "token": map[string]any{"field": "json:token"}, "delivery": "true"}, "delivery.store.encryptionKeys: are required"},
		"token that is handed on":       {map[string]any{"provider": nil, "replay": nil, "secrets": "0123456789abcdef0123456789abcdef", "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "requiredClaims": "exp", "forwardToken": "always"}, "delivery": "true"}, "delivery.store.encryptionKeys: are required"},
		"nothing to sign by":            {map[string]any{"delivery": map[string]any{"sign": "true"}}, "delivery.sign.secret: is required"},
		"nothing verified":              {map[string]any{"provider": nil, "replay": nil, "secrets": nil, "allowlist": map[string]any{"alone": "true", "sourceRange": "192.0.2.1"}, "delivery": "true"}, "delivery: has no effect"},
	} {
		raw := hooktest.GithubWith(map[string]any{"stateDirectory": "/var/lib/hookward", "replay": "true"})
		for option, value := range c.more {
			raw[option] = value
			if value == nil {
				delete(raw, option)
			}
		}
		said := strings.Join(config.Sentences(policy.Compile(raw).Problems), "\n")
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
	c := policy.Compile(hooktest.GithubWith(map[string]any{"stateDirectory": "/var/lib/hookward", "delivery": map[string]any{"timeout": "15s"}}))
	said := strings.Join(config.Sentences(c.Warnings), "\n")
	if c.Policy == nil || !strings.Contains(said, "without replay, a sender that repeats") || !strings.Contains(said, "delivery.timeout: is 15s, and the provider waits for 10s") {
		t.Errorf("%q", said)
	}
	for provider, want := range map[string]time.Duration{"slack": 2400 * time.Millisecond, "shopify": 4 * time.Second, "github": 8 * time.Second, "stripe": 8 * time.Second} {
		c := policy.Compile(map[string]any{"provider": provider, "secrets": []any{"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}, "stateDirectory": "/a", "replay": "true", "delivery": "true"})
		if c.Policy == nil || c.Policy.Delivery.Timeout != want {
			t.Errorf("%s: %v", provider, config.Sentences(c.Problems))
		}
	}
}
