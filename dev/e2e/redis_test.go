package e2e

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

// pair is two Traefiks in front of one backend, that share what they remember. The
// first is in the form that is tested, and the second is interpreted.
type pair struct {
	sites   [2]*site
	arrived sync.Map // how often each delivery has arrived, by its X-Id
	total   atomic.Int64
}

func startPair(t *testing.T, gates []gate, answer http.HandlerFunc) *pair {
	t.Helper()
	p := &pair{}
	for i := range p.sites {
		p.sites[i] = start(t, func(rw http.ResponseWriter, r *http.Request) {
			count, _ := p.arrived.LoadOrStore(r.Header.Get("X-Id"), &atomic.Int64{})
			count.(*atomic.Int64).Add(1)
			p.total.Add(1)
			if answer != nil {
				answer(rw, r)
			}
		}, gates, gateway.Settings{Form: [...]gateway.Form{"", gateway.Interpreted}[i]})
	}
	return p
}

func (p *pair) times(id string) int64 {
	count, ok := p.arrived.Load(id)
	if !ok {
		return 0
	}
	return count.(*atomic.Int64).Load()
}

func shared(address, more string) string {
	return `{provider: github, secrets: ["env:GH"], redis: {endpoints: "` + address + `"` + more
}

// 10,000 deliveries come to both Traefiks at the same moment, and each passes
// once.
func TestReplayRaceOfTwoTraefiks(t *testing.T) {
	server := stores.Redis(t)
	// The clock of a busy machine is not the server's fault.
	p := startPair(t, []gate{{name: "once", options: shared(server.Address, `, readTimeout: 5s}, replay: {required: true}}`)}}, nil)
	const deliveries, workers = 10_000, 16
	clients := [2]*http.Client{}
	for i := range clients {
		clients[i] = &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	}
	var next, ok, later, other atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for {
				n := next.Add(1)
				if n > deliveries {
					return
				}
				body := fmt.Sprintf("delivery %d of the race", n)
				signature := strings.TrimPrefix(signed(secret, body), "X-Hub-Signature-256: ")
				var both sync.WaitGroup
				for i := range clients {
					both.Add(1)
					go func() {
						defer both.Done()
						r, _ := http.NewRequest(http.MethodPost, p.sites[i].URL+"/once/race", strings.NewReader(body))
						r.Header.Set("X-Hub-Signature-256", signature)
						r.Header.Set("X-Id", fmt.Sprint(n))
						response, err := clients[i].Do(r)
						if err != nil {
							t.Error(err)
							return
						}
						_ = response.Body.Close()
						switch response.StatusCode {
						case http.StatusOK:
							ok.Add(1)
						case http.StatusConflict:
							later.Add(1)
						default:
							other.Add(1)
						}
					}()
				}
				both.Wait()
			}
		}()
	}
	wait.Wait()
	for n := int64(1); n <= deliveries; n++ {
		if times := p.times(fmt.Sprint(n)); times != 1 {
			t.Errorf("delivery %d arrived %d times", n, times)
		}
	}
	if other.Load() != 0 || ok.Load() < deliveries || ok.Load()+later.Load() != 2*deliveries {
		t.Errorf("%d answered 200, %d 409, %d otherwise", ok.Load(), later.Load(), other.Load())
	}
	// Every key ends by itself, and says whose it is.
	keys := strings.Fields(server.Do(t, "--scan"))
	if len(keys) != deliveries {
		t.Errorf("%d keys", len(keys))
	}
	for _, key := range keys[:100] {
		if ttl, err := strconv.Atoi(server.Do(t, "PTTL", key)); err != nil || ttl <= 0 || ttl > 24*60*60*1000 || !strings.HasPrefix(key, "hookward:delivery:") || len(key) != len("hookward:delivery:{}:")+16+40 {
			t.Errorf("%q: %v %v", key, ttl, err)
		}
	}
}

func TestLimitsOfTwoTraefiks(t *testing.T) {
	server := stores.Redis(t)
	p := startPair(t, []gate{
		{name: "limit", options: shared(server.Address, `, readTimeout: 5s}, rateLimit: {average: 100, period: 1s, burst: 50, responseHeaders: true}}`)},
		{name: "ban", options: shared(server.Address, `}, ban: {failures: 10, duration: 5m}}`)},
	}, nil)
	flood := func(duration time.Duration) (int64, time.Duration) {
		before, began := p.total.Load(), time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), duration)
		defer cancel()
		var wait sync.WaitGroup
		for i := range 8 {
			client := clientFrom(t, "127.0.0.7", false)
			wait.Add(1)
			go func() {
				defer wait.Done()
				for ctx.Err() == nil {
					r := p.sites[i%2].request("limit", hello, helloSignature)
					response, err := client.Do(r)
					if err != nil {
						t.Error(err)
						return
					}
					_ = response.Body.Close()
					if response.Header.Get("RateLimit") == "" {
						t.Error("no RateLimit header")
					}
				}
			}()
		}
		wait.Wait()
		return p.total.Load() - before, time.Since(began)
	}
	admitted, took := flood(4 * time.Second)
	most := 50 + 100*took.Seconds()
	if float64(admitted) > most*1.02 || float64(admitted) < most*0.9 {
		t.Errorf("%d in %v, of at most %.0f", admitted, took, most)
	}
	t.Logf("%d in %v, of at most %.0f", admitted, took, most)

	// Who guesses at both is banned by both, from the next failure on.
	wrong := "X-Hub-Signature-256: sha256=" + strings.Repeat("0", 64)
	guesser := clientFrom(t, "127.0.0.8", false)
	for i := range 10 {
		s := p.sites[i%2]
		s.refused(t, exchange(t, guesser, s.request("ban", hello, wrong)), http.StatusUnauthorized, "signature_mismatch")
	}
	banned := p.sites[1] // which has seen the tenth
	banned.refused(t, banned.deliver(t, guesser, banned.URL, "ban"), http.StatusTooManyRequests, "source_banned")
	other := p.sites[0]
	other.refused(t, exchange(t, guesser, other.request("ban", hello, wrong)), http.StatusUnauthorized, "signature_mismatch")
	other.refused(t, other.deliver(t, guesser, other.URL, "ban"), http.StatusTooManyRequests, "source_banned")
	other.refused(t, other.deliver(t, guesser, other.URL, "ban"), http.StatusTooManyRequests, "source_banned")
}

// Whatever becomes of the server, deliveries pass, repetitions to the same
// Traefik don't, and it is shared again soon after, the second time too.
func TestRedisOutages(t *testing.T) {
	// Which of the two has heard of a delivery depends on when it has lost Redis.
	unsteady.Add(1)
	defer unsteady.Add(-1)
	server := stores.Redis(t, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
	p := startPair(t, []gate{
		{name: "once", options: shared(server.Address, `}, replay: true, rateLimit: {average: 1000, period: 1s, burst: 1000}}`)},
		{name: "strict", options: shared(server.Address, `}, replay: {required: true}}`)},
	}, nil)
	a, b := p.sites[0], p.sites[1]
	serial := 0
	send := func(s *site, gate string, n int) *answer {
		body := fmt.Sprintf("delivery %d through outages", n)
		return s.post(t, gate, body, signed(secret, body), "X-Id: "+gate+fmt.Sprint(n))
	}
	sharing := func(what string) {
		t.Helper()
		for _, gate := range []string{"strict", "once"} {
			eventually(t, gate+" is shared "+what, func() bool {
				serial++
				id := gate + fmt.Sprint(serial)
				if send(a, gate, serial).StatusCode != http.StatusOK || p.times(id) != 1 {
					return false
				}
				return send(b, gate, serial).StatusCode == http.StatusOK && p.times(id) == 1
			})
		}
	}
	// outage checks what the gates do meanwhile.
	outage := func(what string) {
		t.Helper()
		slowest := time.Duration(0)
		for range 20 {
			serial++
			for _, s := range []*site{a, a, b, b} {
				began := time.Now()
				if answer := send(s, "once", serial); answer.StatusCode != http.StatusOK {
					t.Errorf("%s: %d", what, answer.StatusCode)
				}
				slowest = max(slowest, time.Since(began))
			}
			if times := p.times("once" + fmt.Sprint(serial)); times < 1 || times > 2 {
				t.Errorf("%s: a delivery arrived %d times, by two Traefiks", what, times)
			}
		}
		serial++
		if answer := send(a, "strict", serial); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") != "30" {
			t.Errorf("%s, required: %d", what, answer.StatusCode)
		}
		t.Logf("%s: the slowest of 80 took %v", what, slowest)
	}
	sharing("at first")
	for range 2 {
		server.Kill()
		outage("killed")
		server.Start(t)
		sharing("after a restart")
		server.Signal(t, syscall.SIGSTOP)
		outage("paused")
		server.Signal(t, syscall.SIGCONT)
		sharing("after a pause")
		server.Do(t, "REPLICAOF", "127.0.0.1", "1")
		outage("read-only")
		server.Do(t, "REPLICAOF", "NO", "ONE")
		sharing("when it can be written to")
		server.Do(t, "EVAL", "for i=1,100000 do if not pcall(redis.call,'SET','fill'..i,string.rep('x',1000)) then return i end end", "0")
		// Who has asked while it filled, if only in the background, keeps all away for a moment.
		time.Sleep(3 * time.Second)
		outage("full")
		server.Do(t, "FLUSHALL")
		sharing("when there is room")
		server.Do(t, "SCRIPT", "FLUSH")
		sharing("when it has forgotten the scripts")
	}
	for _, s := range p.sites {
		for _, cause := range []string{"can't be reached: connect: connection refused", "no answer in time", "it answers READONLY", "it answers OOM"} {
			s.said(t, "redis: ", cause, "are this Traefik's alone meanwhile")
		}
		s.said(t, "redis: is well again")
	}
}

// With a password, a database of its own, and TLS both ways.
func TestRedisOverTLS(t *testing.T) {
	directory := t.TempDir()
	authority := stores.NewAuthority(t, directory)
	authority.Issue(t, "server")
	authority.Issue(t, "client")
	at := func(name string) string { return filepath.Join(directory, name) }
	server := stores.Redis(t, "--requirepass", "a password for redis alone", "--port", "0", "--tls-port", "PORT",
		"--tls-cert-file", at("server.crt"), "--tls-key-file", at("server.key"), "--tls-ca-cert-file", at("ca.crt"))
	options := func(more string) string {
		return `{provider: github, secrets: ["env:GH"], replay: {required: true}, redis: {endpoints: "` + server.Address + `", db: 3, readTimeout: 2s, dialTimeout: 2s` + more + `}}`
	}
	s := start(t, nil, []gate{
		{name: "good", options: options(`, password: "env:REDIS_PASSWORD", tls: {ca: ` + at("ca.crt") + `, cert: ` + at("client.crt") + `, key: "file:` + at("client.key") + `"}`)},
		{name: "nocert", options: options(`, password: "env:REDIS_PASSWORD", tls: {ca: ` + at("ca.crt") + `}`)},
		{name: "noca", options: options(`, password: "env:REDIS_PASSWORD", tls: {cert: ` + at("client.crt") + `, key: ` + at("client.key") + `}`)},
		{name: "plain", options: options(`, password: "env:REDIS_PASSWORD"`)},
		{name: "nopassword", options: options(`, tls: {ca: ` + at("ca.crt") + `, cert: ` + at("client.crt") + `, key: ` + at("client.key") + `}`)},
	}, gateway.Settings{Env: []string{"REDIS_PASSWORD=a password for redis alone"}})
	s.passed(t, s.post(t, "good", hello, helloSignature))
	a := s.post(t, "good", hello, helloSignature)
	if r := s.record(t, a.path); r.Reason != "delivery_duplicate" {
		t.Errorf("%+v", r)
	}
	for gate, says := range map[string]string{"nocert": "redis: ", "noca": "certificate signed by unknown authority", "plain": "redis: ", "nopassword": "it answers NOAUTH"} {
		s.refused(t, s.post(t, gate, hello, helloSignature), http.StatusServiceUnavailable, "replay_unavailable")
		s.said(t, `"hookward.middleware":"`+gate+`@file"`, says)
	}
}
