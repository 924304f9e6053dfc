package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

// A delivery that the backend has refused while Redis was away for a moment is nobody's:
// it passes at the next attempt through the Traefik that had it, and soon through any. One
// that the backend has taken is a duplicate for all.
func TestRedisAwayForAMoment(t *testing.T) {
	unsteady.Add(1)
	defer unsteady.Add(-1)
	server := stores.Redis(t)
	proxy := stores.Proxy(t, server.Address)
	answers := map[string]int{"refused": http.StatusInternalServerError, "taken": http.StatusOK}
	p := startPair(t, []gate{{name: "once", options: shared(proxy.Address, `, readTimeout: 5s}, replay: true}`)}}, func(rw http.ResponseWriter, r *http.Request) {
		kind, _, _ := strings.Cut(r.Header.Get("X-Id"), " ")
		if r.Header.Get("X-Away") != "" {
			proxy.Refuse() // with the connections that there are
		}
		if kind == "refused" {
			rw.WriteHeader(answers[kind])
		}
	})
	send := func(s *site, id, more string) int {
		return s.post(t, "once", id, signed(secret, id), "X-Id: "+id, "X-Away: "+more).StatusCode
	}
	for i := range 3 {
		refused, taken := fmt.Sprintf("refused %d", i), fmt.Sprintf("taken %d", i)
		for _, id := range []string{refused, taken} {
			if status := send(p.sites[0], id, "away"); status != answers[strings.Fields(id)[0]] {
				t.Errorf("%s: %d", id, status)
			}
			proxy.Pass()
		}
		if send(p.sites[0], refused, ""); p.times(refused) != 2 {
			t.Errorf("%s arrived %d times, want 2: it is refused where nobody has it", refused, p.times(refused))
		}
		eventually(t, "another Traefik hears of both", func() bool {
			send(p.sites[1], refused, "")
			return p.times(refused) >= 3
		})
		eventually(t, "what is taken is a duplicate for another Traefik", func() bool { return send(p.sites[1], taken, "") == http.StatusOK })
		if p.times(taken) != 1 {
			t.Errorf("%s arrived %d times", taken, p.times(taken))
		}
	}
}

// A claim that is answered to too late is no reason to refuse the next attempt.
func TestRedisAnswersTooLate(t *testing.T) {
	unsteady.Add(1)
	defer unsteady.Add(-1)
	server := stores.Redis(t)
	proxy := stores.Proxy(t, server.Address)
	s := start(t, nil, []gate{{name: "strict", options: shared(proxy.Address, `}, replay: {required: true}}`)}}, gateway.Settings{})
	for i := range 5 {
		body := fmt.Sprintf("delivery %d", i)
		eventually(t, "Redis is asked", func() bool {
			before := fmt.Sprintf("before %d %d", i, time.Now().UnixNano())
			return s.post(t, "strict", before, signed(secret, before)).StatusCode == http.StatusOK
		})
		proxy.Hang()
		s.refused(t, s.post(t, "strict", body, signed(secret, body)), http.StatusServiceUnavailable, "replay_unavailable")
		proxy.Pass()
		s.passed(t, s.post(t, "strict", body, signed(secret, body)))
	}
}

// Forged requests from everywhere leave deliveries the connections that they need: each
// passes once, through whichever Traefik it comes.
func TestForgedRequestsAtRedis(t *testing.T) {
	unsteady.Add(1)
	defer unsteady.Add(-1)
	server := stores.Redis(t)
	proxy := stores.Proxy(t, server.Address)
	proxy.Slow(64<<10, 5*time.Millisecond)
	p := startPair(t, []gate{{name: "once", options: shared(proxy.Address, `, poolSize: 4, readTimeout: 5s}, replay: true, ban: {failures: 100000}, rateLimit: {average: 100000, period: 1s}}`)}}, nil)
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for i := range 40 {
		client := clientFrom(t, fmt.Sprintf("127.0.1.%d", i+1), false)
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, _ := http.NewRequest(http.MethodPost, p.sites[0].URL+"/once/forged", strings.NewReader(hello))
				r.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
				response, err := client.Do(r)
				if err == nil {
					_ = response.Body.Close()
				}
			}
		})
	}
	client := &http.Client{Timeout: testkit.Patience}
	for i := range 50 {
		id := fmt.Sprintf("delivery %d in a flood", i)
		for _, s := range p.sites {
			r := s.request("once", id, signed(secret, id), "X-Id: "+id)
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", id, response.StatusCode)
			}
		}
		if p.times(id) != 1 {
			t.Errorf("%s arrived %d times", id, p.times(id))
		}
	}
	close(stop)
	wait.Wait()
	p.sites[0].said(t, "redis: too many requests are to be counted at once")
}

// An answer that nobody has asked for is not taken for that to a later question.
func TestRedisAnswersOutOfTurn(t *testing.T) {
	server := stores.Redis(t)
	proxy := stores.Proxy(t, server.Address)
	s := start(t, nil, []gate{{name: "once", options: shared(proxy.Address, `, readTimeout: 5s}, replay: true}`)}}, gateway.Settings{})
	for i, answer := range []string{"", ":2\r\n", "+OK\r\n", ":2\r\n"} {
		proxy.Say(answer)
		time.Sleep(50 * time.Millisecond)
		for j := range 3 {
			body := fmt.Sprintf("delivery %d of turn %d", j, i)
			s.passed(t, s.post(t, "once", body, signed(secret, body)))
		}
	}
	s.said(t, "redis: an answer comes out of turn")
}
