package e2e

import (
	"fmt"
	"io"
	"net/http"
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

// sharing is two Traefiks with one store in Redis, in front of one backend.
type sharing struct {
	gates [2]*gateway.Gateway
	start [2]func()   // a Traefik anew
	down  atomic.Bool // the backend answers 503

	mu       sync.Mutex
	taken    map[string]int    // bodies that the backend has answered with 200
	ids      map[string]string // of each body
	under    map[string]bool   // ids of attempts that are under way
	attempts int
	wrong    []string
	stored   map[string]bool // bodies that were answered with 202
}

func (s *sharing) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return // Traefik was killed
	}
	body, id := string(b), r.Header.Get("X-Hookward-Id")
	s.mu.Lock()
	s.attempts++
	if s.under[id] {
		s.wrong = append(s.wrong, body+" is tried by two at once")
	}
	if r.Header.Get("X-Hookward-Attempt") != "1" && s.ids[body] != id {
		s.wrong = append(s.wrong, fmt.Sprintf("%s has the id %s, and had %s", body, id, s.ids[body]))
	}
	s.under[id] = true
	s.ids[body] = id
	s.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.under, id)
	if s.down.Load() {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.taken[body]++
}

const pauses = `[300ms, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s]`

// share starts both: the first in the form that is tested, the second interpreted.
func share(t *testing.T, endpoints string) *sharing { return shareWith(t, endpoints, [2]string{}) }

// shareWith is share with more options of each Traefik.
func shareWith(t *testing.T, endpoints string, more [2]string) *sharing {
	t.Helper()
	unsteadily(t)
	s := &sharing{taken: map[string]int{}, ids: map[string]string{}, under: map[string]bool{}, stored: map[string]bool{}}
	backend, err := gateway.Serve(t.Context(), "127.0.0.1:0", s)
	if err != nil {
		t.Fatal(err)
	}
	gate := func(mode, more string) string {
		return `{plugin: {hookward: {provider: github, secrets: ["env:GH"], ban: false, replay: true, redis: {endpoints: "` + endpoints + `", readTimeout: 1s}, audit: {payload: none}` + more + `,
    delivery: {mode: ` + mode + `, timeout: 2s, concurrency: 8, retry: {schedule: ` + pauses + `}, store: {type: redis, encryptionKeys: ["env:STORE_KEY"]}}}}}`
	}
	dynamic := func(more string) string {
		return `http:
  middlewares:
    sync: ` + gate("sync", more) + `
    accept: ` + gate("accept", more) + `
    numbers: {plugin: {hookward: {metrics: {token: "env:SCRAPE"}}}}
  routers:
    numbers: {rule: "Path(` + "`/metrics`" + `)", service: noop@internal, middlewares: [numbers]}
    sync: {rule: "PathPrefix(` + "`/sync`" + `)", service: backend, middlewares: [sync]}
    accept: {rule: "PathPrefix(` + "`/accept`" + `)", service: backend, middlewares: [accept]}
  services: {backend: {loadBalancer: {servers: [{url: "` + backend + `"}]}}}
`
	}
	for i := range s.gates {
		settings := gateway.Settings{Env: []string{"GH=" + secret, "SCRAPE=" + scrapeToken, "STORE_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}, Form: [...]gateway.Form{"", gateway.Interpreted}[i]}
		s.start[i] = func() {
			g, err := gateway.Start(t.Context(), binaryOf(t, settings), dynamic(more[i]), settings)
			if err != nil {
				t.Fatal(err)
			}
			s.gates[i] = g
			t.Cleanup(func() {
				g.Stop()
				if t.Failed() {
					t.Logf("stderr:\n%s", end(g.Stderr))
				}
			})
		}
		s.start[i]()
	}
	return s
}

// send sends a delivery, and returns the answer's status; 0 where there was none.
func (s *sharing) send(t *testing.T, gate int, mode, body string) int {
	t.Helper()
	client := http.Client{Timeout: testkit.Patience}
	r, _ := http.NewRequest(http.MethodPost, s.gates[gate].URL+"/"+mode, strings.NewReader(body))
	_, value, _ := strings.Cut(signed(secret, body), ": ")
	r.Header.Set("X-Hub-Signature-256", value)
	response, err := client.Do(r)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	if response.StatusCode == http.StatusServiceUnavailable && mode == "accept" && response.Header.Get("Retry-After") != "30" {
		t.Errorf("%s: %v", body, response.Header)
	}
	if response.StatusCode == http.StatusAccepted {
		s.mu.Lock()
		s.stored[body] = true
		s.mu.Unlock()
	}
	return response.StatusCode
}

// keeps sends deliveries until a Traefik stores one: Redis may have been away.
func (s *sharing) keeps(t *testing.T, gate int, mode, name string) {
	t.Helper()
	n := 0
	await(t, name+" is stored", func() bool {
		n++
		return s.send(t, gate, mode, fmt.Sprint(name, " ", n)) == http.StatusAccepted
	})
}

// arrive waits until all has arrived that was stored, and checks how.
func (s *sharing) arrive(t *testing.T, most int) {
	t.Helper()
	missing := ""
	defer func() {
		if missing != "" {
			t.Logf("%s is missing", missing)
		}
	}()
	await(t, "all that was stored arrives", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		missing = ""
		for body := range s.stored {
			if s.taken[body] == 0 {
				missing = body
			}
		}
		return missing == ""
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, wrong := range s.wrong {
		t.Error(wrong)
	}
	for body := range s.stored {
		if s.taken[body] > most {
			t.Errorf("%s has arrived %d times", body, s.taken[body])
		}
	}
	t.Logf("%d were stored, in %d attempts", len(s.stored), s.attempts)
}

// said waits for a line of a Traefik's that has all of the texts.
func (s *sharing) said(t *testing.T, gate int, texts ...string) {
	t.Helper()
	await(t, fmt.Sprintf("Traefik %d says %q", gate, texts), func() bool {
		for _, line := range s.gates[gate].Stderr.Lines(texts[0]) {
			if len(texts) == 1 || strings.Contains(line, texts[1]) {
				return true
			}
		}
		return false
	})
}

// What a Traefik has stored that is killed arrives through the other one, once, and nothing
// of it stands in Redis in clear. Meanwhile a repeat is known to both.
func TestSharedStoreTakenOver(t *testing.T) {
	server := stores.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	s := share(t, server.Address)
	s.down.Store(true)
	for i := range 10 {
		for _, mode := range []string{"sync", "accept"} {
			body := fmt.Sprintf("delivery %d in %s", i, mode)
			if status := s.send(t, 0, mode, body); status != http.StatusAccepted {
				t.Fatalf("%s: %d\n%s", body, status, s.gates[0].Stderr)
			}
			if status := s.send(t, 1, mode, body); status != http.StatusAccepted {
				t.Fatalf("%s again, at the other one: %d", body, status)
			}
		}
	}
	found := server.Do(t, "EVAL", `local n = 0 for _, k in ipairs(redis.call('KEYS', 'hookward:store:*b:*')) do if string.find(redis.call('GET', k), 'delivery', 20, true) then n = n + 1 end end return n`, "0")
	if found != "0" {
		t.Errorf("%s deliveries stand there in clear", found)
	}
	s.gates[0].Kill()
	s.down.Store(false)
	s.arrive(t, 1)
	await(t, "Redis has nothing left of it", func() bool {
		return server.Do(t, "EVAL", "return #redis.call('KEYS', 'hookward:store:*b:*')", "0") == "0"
	})
	for _, mode := range []string{"sync", "accept"} {
		if status := s.send(t, 1, mode, "delivery 3 in "+mode); status != http.StatusOK {
			t.Errorf("what has arrived, sent once more: %d", status)
		}
	}
	s.arrive(t, 1)
}

// Five hundred come to both, of which one stands still for a while: each arrives, and none
// is tried by two at once.
func TestSharedStoreOfTwo(t *testing.T) {
	server := stores.Redis(t, "--appendonly", "yes")
	s := share(t, server.Address)
	s.down.Store(true)
	var next atomic.Int64
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for n := next.Add(1); n <= 500; n = next.Add(1) {
				body := fmt.Sprint("delivery ", n)
				if status := s.send(t, int(n%2), []string{"sync", "accept"}[n/2%2], body); status != http.StatusAccepted {
					t.Errorf("%s: %d", body, status)
				}
			}
		})
	}
	senders.Wait()
	s.down.Store(false)
	still := s.gates[0]
	if err := syscall.Kill(still.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(still.PID(), syscall.SIGCONT) })
	await(t, "the other one takes over", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.taken) > 300
	})
	if err := syscall.Kill(still.PID(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.arrive(t, 2)
}

// While Redis can't store, nobody is told that anything is stored; what waits goes on when
// it can.
func TestSharedStoreOutages(t *testing.T) {
	server := stores.Redis(t, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "8mb", "--maxmemory-policy", "noeviction")
	s := share(t, server.Address)
	s.down.Store(true)
	refuses := func(what string) {
		t.Helper()
		for i := range 4 {
			for _, mode := range []string{"sync", "accept"} {
				body := fmt.Sprintf("delivery %d to %s while %s", i, mode, what)
				if status := s.send(t, i%2, mode, body); status != http.StatusServiceUnavailable {
					t.Errorf("%s: %d", body, status)
				}
			}
		}
	}
	keeps := func(what string) {
		t.Helper()
		for _, mode := range []string{"sync", "accept"} {
			s.keeps(t, 0, mode, what+" "+mode)
			s.keeps(t, 1, mode, what+" "+mode+" too")
		}
	}
	keeps("at first")
	server.Kill()
	refuses("it is killed")
	server.Start(t)
	keeps("after a restart")
	server.Signal(t, syscall.SIGSTOP)
	refuses("it stands still")
	server.Signal(t, syscall.SIGCONT)
	keeps("after a pause")
	server.Do(t, "EVAL", "for i=1,100000 do if not pcall(redis.call,'SET','fill'..i,string.rep('x',1000)) then return i end end", "0")
	refuses("it is full")
	s.down.Store(false)
	s.arrive(t, 2)
	s.down.Store(true)
	server.Do(t, "EVAL", "for i=1,100000 do redis.call('DEL','fill'..i) end", "0")
	keeps("with room")
	server.Do(t, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	for gate := range s.gates {
		for _, name := range []string{"sync@file", "accept@file"} {
			s.said(t, gate, "the store in redis is not used: maxmemory-policy is allkeys-lru", name)
		}
	}
	refuses("it deletes")
	server.Do(t, "CONFIG", "SET", "maxmemory-policy", "noeviction")
	keeps("in the end")
	s.down.Store(false)
	s.arrive(t, 2)
	s.said(t, 0, "no delivery is stored or tried again meanwhile")
}

// A replica that takes over has what was stored before; what a server has lost that has no
// replica and no file is said, and recorded.
func TestSharedStoreFailover(t *testing.T) {
	server := stores.Redis(t, "--appendonly", "yes")
	_, port, _ := strings.Cut(server.Address, ":")
	replica := stores.Redis(t, "--replicaof", "127.0.0.1 "+port)
	await(t, "the replica has all", func() bool { return strings.Contains(replica.Do(t, "INFO", "replication"), "master_link_status:up") })
	s := share(t, server.Address+", "+replica.Address)
	s.down.Store(true)
	for i := range 20 {
		s.keeps(t, i%2, []string{"sync", "accept"}[i/2%2], fmt.Sprint("delivery ", i))
	}
	if got := server.Do(t, "WAIT", "1", "20000"); got != "1" {
		t.Fatal(got)
	}
	server.Kill()
	replica.Do(t, "REPLICAOF", "NO", "ONE")
	s.keeps(t, 0, "accept", "after the failover")
	s.said(t, 0, "appendonly is no")
	s.down.Store(false)
	s.arrive(t, 2)

	s.down.Store(true)
	s.keeps(t, 1, "accept", "lost")
	replica.Do(t, "FLUSHALL")
	s.said(t, 1, "1 deliveries are not in the store any more")
	await(t, "a record of it", func() bool {
		return len(s.gates[1].Stdout.Lines(`"event.action":"lost"`)) == 1
	})
}
