package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// floodSize is how many requests come: 100,000, and in the interpreted form, whose tables
// are the same and whose requests take ten times as long, a fifth of that.
func floodSize(t *testing.T) int {
	t.Helper()
	form, err := gateway.TestedForm()
	must(t, err)
	if form == gateway.Compiled {
		return 100_000
	}
	return 20_000
}

// forgetful is a backend that keeps nothing of what comes to it.
func forgetful(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	url, err := gateway.Serve(ctx, "127.0.0.1:0", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	must(t, err)
	return url
}

// flooding sends what make returns, from several connections, and counts the answers.
func flooding(t *testing.T, n int, made func(i int) *http.Request) map[int]int {
	t.Helper()
	const workers = 16
	client := &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	t.Cleanup(client.CloseIdleConnections)
	var next atomic.Int64
	var mu sync.Mutex
	counts := map[int]int{}
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			own := map[int]int{}
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					break
				}
				response, err := client.Do(made(i))
				if err != nil {
					t.Error(err)
					break
				}
				_ = response.Body.Close()
				own[response.StatusCode]++
			}
			mu.Lock()
			defer mu.Unlock()
			for status, count := range own {
				counts[status] += count
			}
		}()
	}
	wg.Wait()
	return counts
}

// J26: 100,000 made-up tokens of 4,000 bytes each. Kept, they would take 400 MB. Few are
// asked about at once, and whoever has a token goes on to pass.
func TestManyTokens(t *testing.T) {
	flood := floodSize(t)
	p := startProvider(t, 0)
	s := start(t, nil, []gate{byAsking("junk", p, ", maxConcurrent: 2, cache: 1h, negativeCache: 10m")}, gateSecret)
	good := token(t, p, "opaque")
	s.passed(t, s.post(t, "junk", hello, good))
	asked, err := p.Asked("/token/introspection")
	must(t, err)
	if asked != 1 {
		t.Errorf("asked %d times about one token", asked)
	}
	padding := strings.Repeat("x", 3980)
	before := 0
	counts := map[int]int{}
	part := flood / 10
	for i := range 10 {
		for status, n := range flooding(t, part, func(n int) *http.Request {
			r, _ := http.NewRequest(http.MethodPost, s.URL+"/junk/flood", nil)
			r.Header.Set("Authorization", fmt.Sprintf("Bearer %s%d", padding, i*part+n))
			return r
		}) {
			counts[status] += n
		}
		if i == 0 {
			before = residentMB(t, s)
		}
		s.passed(t, s.post(t, "junk", hello, good))
	}
	after := residentMB(t, s)
	asked, err = p.Asked("/token/introspection")
	must(t, err)
	t.Logf("%v; asked %d times; %d MiB after a tenth, %d at the end", counts, asked, before, after)
	if counts[http.StatusUnauthorized]+counts[http.StatusServiceUnavailable] != flood || asked > counts[http.StatusUnauthorized]+1 {
		t.Errorf("of %d tokens: %v, and the server was asked %d times", flood, counts, asked)
	}
	if after-before > 200 {
		t.Errorf("Traefik had %d MiB after a tenth, and has %d", before, after)
	}
}

// S13: 100,000 nonces by one key are 100,000 deliveries, each of which passes once, in bounded
// memory.
func TestManyNonces(t *testing.T) {
	flood := floodSize(t)
	k := newSender(t)
	s := start(t, nil, []gate{{name: "nonces", server: forgetful(t), options: `{publicKeys: ` + k.keys(t) + `, tolerance: 1h, messageSignature: {parameters: [created, nonce]}, replay: {onDuplicate: reject}}`}}, gateway.Settings{})
	at := createdAt(time.Now())
	message := func(n int) *http.Request {
		r, _ := http.NewRequest(http.MethodPost, s.URL+"/nonces/flood", strings.NewReader("{}"))
		r.Host = "hooks.example.com"
		params := coveredUsually + at + fmt.Sprintf(`;nonce="%032d";keyid="k"`, n)
		lines := []string{`"@method": POST`, `"@target-uri": http://hooks.example.com/nonces/flood`, `"content-digest": ` + contentDigest("{}")}
		r.Header["Content-Digest"] = []string{contentDigest("{}")}
		r.Header["Signature-Input"] = []string{"sig1=" + params}
		r.Header["Signature"] = []string{"sig1=:" + base64.StdEncoding.EncodeToString(k.sign(params, lines)) + ":"}
		return r
	}
	part := flood / 10
	before := 0
	for i := range 10 {
		if counts := flooding(t, part, func(n int) *http.Request { return message(i*part + n) }); counts[http.StatusOK] != part {
			t.Errorf("of %d deliveries: %v", part, counts)
		}
		if i == 0 {
			before = residentMB(t, s)
		}
	}
	after := residentMB(t, s)
	t.Logf("%d MiB after a tenth, %d at the end", before, after)
	if after-before > 200 {
		t.Errorf("Traefik had %d MiB after a tenth, and has %d", before, after)
	}
	// Each of the last, and of the first: there was room for all.
	for _, n := range []int{0, 1, flood / 2, flood - 1} {
		if status := s.statusOf(t, message(n)); status != http.StatusConflict {
			t.Errorf("nonce %d again: %d", n, status)
		}
	}
	if status := s.statusOf(t, message(flood)); status != http.StatusOK {
		t.Errorf("a new one: %d", status)
	}
}
