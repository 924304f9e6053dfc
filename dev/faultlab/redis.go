package main

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

// Two Traefiks share a Redis, which is reached through a proxy that makes trouble.
var redisCases = []faultCase{
	{"redis: away while the backend answers", redisAway},
	{"redis: answers too late", redisLate},
	{"redis: answers out of turn", redisOutOfTurn},
	{"redis: loses answers under load", redisLosesAnswers},
	{"redis: forged requests", redisForged},
}

// pair starts two Traefiks with more options of redis, and more options.
func pair(t *trial, redis, more string) ([]*site, *ledger, *stores.FaultProxy) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skipf("there is no redis-server here: %v", err)
	}
	l := newLedger()
	proxy := stores.Proxy(t, stores.Redis(t).Address)
	gates := map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, redis: {endpoints: %q%s}%s`, proxy.Address, redis, more))}
	return []*site{start(t, l, gates, nil), start(t, l, gates, nil)}, l, proxy
}

// redisAway has Redis go away during the backend's work, once it has the claim.
func redisAway(t *trial) {
	sites, l, proxy := pair(t, ", readTimeout: 5s", ", replay: true")
	refused := map[string]bool{}
	var mu sync.Mutex
	l.answer = func(body string, n int) int {
		mu.Lock()
		defer mu.Unlock()
		if n == 1 {
			proxy.Refuse()
		}
		if n == 1 && refused[body] {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	}
	longest := time.Duration(0)
	for range 5 {
		two := news(2)
		mu.Lock()
		refused[two[0]] = true
		mu.Unlock()
		for _, body := range two {
			sites[0].deliver("gh", body)
			proxy.Pass()
		}
		since := time.Now()
		sites[1].retry("gh", two[:1])
		longest = max(longest, time.Since(since))
		testkit.Await(t, "what the backend has taken is a duplicate elsewhere", func() bool { return sites[1].deliver("gh", two[1]) == http.StatusOK })
		if n := l.times(two[1]); n != 1 {
			t.Errorf("a delivery that the backend has taken arrived %d times", n)
		}
	}
	t.figure("what the backend refused passes at the other Traefik after %d ms at most", longest.Milliseconds())
	l.sum(t.lines("", sites...)).check(t, promise{})
}

// redisLate holds back the answer to a claim until the gate has given up.
func redisLate(t *trial) {
	sites, l, proxy := pair(t, "", ", replay: {required: true}")
	longest := time.Duration(0)
	for range 5 {
		body := news(1)[0]
		testkit.Await(t, "Redis is asked", func() bool { return sites[0].deliver("gh", news(1)[0]) == http.StatusOK })
		proxy.Hang()
		if status := sites[0].deliver("gh", body); status != http.StatusServiceUnavailable {
			t.Errorf("while Redis hangs, a delivery gets %d", status)
		}
		proxy.Pass()
		since := time.Now()
		sites[0].retry("gh", []string{body})
		longest = max(longest, time.Since(since))
	}
	t.figure("the next attempt passes after %d ms at most", longest.Milliseconds())
	l.sum(t.lines("", sites...)).check(t, promise{once: true})
}

// redisOutOfTurn sends answers that nobody has asked for.
func redisOutOfTurn(t *trial) {
	sites, l, proxy := pair(t, ", readTimeout: 5s", ", replay: true")
	for n := range 20 {
		proxy.Say([]string{":2\r\n", "+OK\r\n", "$-1\r\n", "*0\r\n"}[n%4])
		bodies := news(10)
		sites[n%2].load("gh", 4, bodies)
		for _, body := range bodies {
			if l.times(body) != 1 {
				t.Errorf("a new delivery arrived %d times", l.times(body))
			}
		}
	}
	l.sum(t.lines("", sites...)).check(t, promise{once: true})
}

// redisLosesAnswers cuts, holds back and refuses under a load that comes to both Traefiks.
// The backend refuses every fourth delivery at first, so that claims are given back, too.
func redisLosesAnswers(t *trial) {
	sites, l, proxy := pair(t, "", ", replay: {required: true}")
	l.answer = func(body string, n int) int {
		if n == 1 && strings.HasSuffix(body, "00") {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	}
	stop := make(chan struct{})
	var loads sync.WaitGroup
	var mu sync.Mutex
	all := []string{}
	for range 8 {
		loads.Go(func() {
			for !isClosed(stop) {
				body := news(1)[0] + []string{"00", "01", "02", "03"}[serial.Add(1)%4]
				mu.Lock()
				all = append(all, body)
				mu.Unlock()
				var both sync.WaitGroup
				for _, s := range sites {
					both.Go(func() {
						if s.deliver("gh", body) >= 300 {
							time.Sleep(100 * time.Millisecond) // or refusals were most of the load
						}
					})
				}
				both.Wait()
			}
		})
	}
	for n := range 12 {
		// Longer than nobody asks after failures, so that the next fault meets a load.
		time.Sleep(2500 * time.Millisecond)
		[]func(){proxy.Hang, proxy.Refuse, func() { proxy.Cut(n * 7) }, func() { proxy.Slow(16, 20*time.Millisecond) }}[n%4]()
		time.Sleep(150 * time.Millisecond)
		proxy.Pass()
	}
	close(stop)
	loads.Wait()
	t.figure("12 faults; %d of %d passed nowhere meanwhile", len(l.unsettled(all)), len(all))
	since := time.Now()
	sites[1].retry("gh", all)
	t.figure("they pass within %d ms", time.Since(since).Milliseconds())
	for _, s := range sites {
		s.load("gh", 8, all) // duplicates
	}
	l.sum(t.lines("", sites...)).check(t, promise{once: true})
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// redisForged floods one Traefik from many addresses, while each delivery comes to both.
func redisForged(t *trial) {
	sites, l, proxy := pair(t, ", poolSize: 4, readTimeout: 5s", ", replay: true, rateLimit: {average: 100000, period: 1s}")
	proxy.Slow(64<<10, 5*time.Millisecond)
	var flood sync.WaitGroup
	var forged atomic.Int64
	stop := make(chan struct{})
	for n := range 40 {
		client := clientFrom(fmt.Sprintf("127.0.1.%d", n+1))
		flood.Go(func() {
			for !isClosed(stop) {
				r, _ := http.NewRequest(http.MethodPost, sites[0].URL+"/gh/forged", strings.NewReader("forged"))
				r.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
				if response, err := client.Do(r); err == nil {
					forged.Add(1)
					_ = response.Body.Close()
				}
			}
		})
	}
	since := time.Now()
	for _, body := range news(300) {
		for _, s := range sites {
			s.deliver("gh", body)
		}
		if n := l.times(body); n != 1 {
			t.Errorf("a delivery that came to both Traefiks arrived %d times", n)
		}
	}
	took := time.Since(since)
	close(stop)
	flood.Wait()
	t.figure("%.0f forged requests a second meanwhile", float64(forged.Load())/took.Seconds())
	l.sum(t.lines("", sites...)).check(t, promise{once: true})
}
