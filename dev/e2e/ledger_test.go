package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// ledger is what the senders were told, and what the backend has taken. It outlives every
// Traefik.
type ledger struct {
	mu           sync.Mutex
	acknowledged map[string]bool   // bodies that were answered with 2xx
	taken        map[string]int    // bodies that the backend has answered with 2xx
	ids          map[string]string // of each body; it must not change
	wrong        []string
	well         atomic.Bool // the backend takes everything
}

func (l *ledger) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return // Traefik was killed
	}
	body := string(b)
	id := r.Header.Get("X-Hookward-Id")
	l.mu.Lock()
	if !strings.HasPrefix(body, "delivery ") || r.Header.Get("X-Body") != body || id == "" {
		l.wrong = append(l.wrong, fmt.Sprintf("%q, which is not what was sent, %q", body, id))
	}
	attempt, _ := strconv.Atoi(r.Header.Get("X-Hookward-Attempt"))
	if before := l.ids[body]; before != "" && before != id && attempt > 1 {
		l.wrong = append(l.wrong, fmt.Sprintf("%q has the id %s, and had %s", body, id, before))
	}
	l.ids[body] = id
	l.mu.Unlock()
	if !l.well.Load() {
		switch rand.IntN(5) {
		case 0:
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		case 1:
			connection, _, err := http.NewResponseController(rw).Hijack()
			if err == nil {
				_ = connection.Close()
			}
			return
		case 2:
			time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		}
	}
	l.mu.Lock()
	l.taken[body]++
	l.mu.Unlock()
	rw.WriteHeader(http.StatusNoContent)
}

// send sends deliveries of its own until it is told to stop, and one in ten that is forged.
func (l *ledger) send(url, name string, stop chan struct{}) {
	client := &http.Client{Timeout: testkit.Patience}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		body := fmt.Sprintf("delivery %s %d", name, i)
		signature := signed(secret, body)
		forged := i%10 == 9
		if forged {
			signature = signed("guessed", "forged "+body)
			body = "forged " + body
		}
		r, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
		_, value, _ := strings.Cut(signature, ": ")
		r.Header.Set("X-Hub-Signature-256", value)
		r.Header.Set("X-Body", body)
		if forged {
			r.Header.Set("X-Hub-Signature-256", value[:len(value)-1]+"x")
		}
		response, err := client.Do(r)
		if err != nil {
			return // Traefik is gone
		}
		_ = response.Body.Close()
		if response.StatusCode < 300 {
			l.mu.Lock()
			l.acknowledged[body] = true
			l.mu.Unlock()
		}
	}
}

// stored returns how many files a store has in a state, and how many ids.
func storedFiles(t *testing.T, state string) (int, map[string][]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(state, "delivery-*", "*", "?", "*"))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string][]string{}
	for _, file := range files {
		id, _, _ := strings.Cut(filepath.Base(file), ".")
		ids[id] = append(ids[id], file)
	}
	return len(files), ids
}

// TestDeliveryLedger kills Traefik again and again, at any moment, while deliveries come and
// the backend fails at every second one. Whatever was answered with 2xx has arrived in the
// end, or is kept, once; nothing that was forged is. HOOKWARD_KILLS says how often; make
// faultlab does it 200 times, and looks at the disk after each.
func TestDeliveryLedger(t *testing.T) {
	kills := 4
	if n, err := strconv.Atoi(os.Getenv("HOOKWARD_KILLS")); err == nil {
		kills = n
	}
	for _, mode := range []string{"sync", "accept"} {
		t.Run(mode, func(t *testing.T) { runLedger(t, mode, kills) })
	}
}

func runLedger(t *testing.T, mode string, kills int) {
	ctx := t.Context()
	l := &ledger{acknowledged: map[string]bool{}, taken: map[string]int{}, ids: map[string]string{}}
	backend, err := gateway.Serve(ctx, "127.0.0.1:0", l)
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "state")
	dynamic := `http:
  middlewares: {kept: {plugin: {hookward: {provider: github, secrets: ["env:GH"], ban: false, replay: true, stateDirectory: ` + state + `,
    delivery: {mode: ` + mode + `, timeout: 2s, concurrency: 8, retry: {schedule: [20ms, 50ms, 100ms, 200ms, 300ms, 300ms, 300ms, 300ms, 300ms, 300ms]}}}}}}
  routers: {kept: {rule: "PathPrefix(` + "`/`" + `)", service: backend, middlewares: [kept]}}
  services: {backend: {loadBalancer: {servers: [{url: "` + backend + `"}]}}}
`
	settings := gateway.Settings{Env: []string{"GH=" + secret}}
	for round := 0; round <= kills; round++ {
		g, err := gateway.Start(ctx, binary, dynamic, settings)
		if err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		senders := sync.WaitGroup{}
		for n := range 4 {
			senders.Go(func() { l.send(g.URL+"/in", fmt.Sprint(round, "-", n), stop) })
		}
		if round < kills {
			time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
			g.Kill()
			close(stop)
			senders.Wait()
			g.Stop()
			if _, ids := storedFiles(t, state); twice(t, ids) {
				return
			}
			if round%2 == 0 { // the next one may work at once, as after a silence
				locks, _ := filepath.Glob(filepath.Join(state, "delivery-*", "lock"))
				for _, lock := range locks {
					_ = os.Remove(lock)
				}
			}
			continue
		}
		time.Sleep(500 * time.Millisecond)
		close(stop)
		senders.Wait()
		l.well.Store(true)
		await(t, "all that waits has arrived", func() bool { return waitingFiles(state) == 0 })
		l.check(t, state, g)
		g.Stop()
	}
}

// await is for what may take a while: a backend that was down is probed again in a minute
// at most.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: " + what)
		}
	}
}

func waitingFiles(state string) int {
	files, _ := filepath.Glob(filepath.Join(state, "delivery-*", "waiting", "?", "*"))
	return len(files)
}

func twice(t *testing.T, ids map[string][]string) bool {
	t.Helper()
	for id, files := range ids {
		if len(files) > 1 {
			t.Errorf("%s is in two states: %v", id, files)
		}
	}
	return t.Failed()
}

func (l *ledger) check(t *testing.T, state string, g *gateway.Gateway) {
	t.Helper()
	_, ids := storedFiles(t, state)
	twice(t, ids)
	dead := map[string]bool{}
	for _, files := range ids {
		content, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		at := strings.LastIndex(string(content), "delivery ")
		if at < 0 || strings.Contains(string(content), "forged") {
			t.Errorf("%s: %q is not what was sent", files[0], content)
			continue
		}
		dead[string(content[at:len(content)-4])] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, wrong := range l.wrong {
		t.Error(wrong)
	}
	again := 0
	for body := range l.acknowledged {
		if l.taken[body] == 0 && !dead[body] {
			t.Errorf("%q was acknowledged, and is lost", body)
		}
	}
	for body, n := range l.taken {
		if strings.HasPrefix(body, "forged") {
			t.Errorf("%q has arrived", body)
		}
		again += n - 1
	}
	t.Logf("%d acknowledged, %d taken, %d of them more than once, %d dead", len(l.acknowledged), len(l.taken), again, len(dead))
	if len(l.acknowledged) < 20 {
		t.Errorf("only %d were acknowledged\n%s", len(l.acknowledged), g.Stderr)
	}
}

// A disk that is full has the sender told the truth, and nothing half of a delivery; with
// room again, all goes on without a restart.
func TestDeliveryFullDisk(t *testing.T) {
	disk := t.TempDir()
	if os.Getuid() != 0 || mountSmall(disk) != nil {
		t.Skip("TestDeliveryFullDisk needs a root that may mount a tmpfs")
	}
	t.Cleanup(func() { unmount(disk) })
	s := start(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) }, []gate{
		{name: "kept", options: `{provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + disk + `/state, delivery: {retry: {schedule: [1h]}}}`},
		{name: "accept", options: `{provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + disk + `/state, delivery: {mode: accept, retry: {schedule: [1h]}}}`},
	}, gateway.Settings{})
	body := func(i int) string { return fmt.Sprint(i, strings.Repeat(" 256 KiB", 32<<10)) }
	full := 0
	for i := 0; full < 3 && i < 100; i++ {
		a := s.post(t, "kept", body(i), signed(secret, body(i)))
		r := s.record(t, a.path)
		switch {
		case a.StatusCode == http.StatusAccepted && r.KeptState == "stored" && full == 0:
		case a.StatusCode == http.StatusServiceUnavailable && r.KeptState == "passed":
			full++
		default:
			t.Fatalf("delivery %d: %s %+v", i, a.Status, r)
		}
	}
	a := s.post(t, "accept", body(200), signed(secret, body(200)))
	if r := s.record(t, a.path); full != 3 || a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "30" || r.Reason != "store_unavailable" {
		t.Errorf("%d, %s %+v", full, a.Status, r)
	}
	if left, _ := filepath.Glob(disk + "/state/delivery-*/tmp/*"); len(left) > 0 {
		t.Errorf("half of a delivery is left: %v", left)
	}
	files, _ := filepath.Glob(disk + "/state/delivery-*/waiting/?/*")
	if len(files) == 0 || os.Remove(files[0]) != nil {
		t.Fatal("nothing to remove")
	}
	s.stored(t, s.post(t, "kept", body(300), signed(secret, body(300))))
}
