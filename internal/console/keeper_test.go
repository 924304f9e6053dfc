package console

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	engine "github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/scrape"
	"github.com/hookward/hookward/internal/store"
)

const operatorToken = "operator-token-of-32-characters-0"

// keeper is a gate that keeps deliveries, and a console beside it.
type keeper struct {
	s       *policy.Console
	e       *engine.Engine
	ids     []string // of the dead
	records string   // the file that has them
	gate    Gate

	mu      sync.Mutex
	changes []engine.Change
	tried   map[string]int
	serves  bool
}

// newKeeper has so many dead deliveries, whose events are push and ping by turns, and one that waits.
func newKeeper(t *testing.T, n int) *keeper {
	t.Helper()
	k := &keeper{s: page(t), tried: map[string]int{}, records: filepath.Join(t.TempDir(), "records")}
	k.s.Roles[policy.ConsoleDigest(operatorToken)] = policy.Operator
	k.gate = Gate{Name: "hooks@file", Audit: &audit.Settings{Payload: audit.PayloadFull, MaxPayload: 1000, Rules: audit.NoRules()}, Names: map[string]bool{"X-Signature": true}}
	place := store.New(store.DirectoryOf(t.TempDir(), "hooks@file"), "hooks@file", nil)
	if err := store.Create(place); err != nil {
		t.Fatal(err)
	}
	for i := 0; i <= n; i++ {
		d := &store.Delivery{
			ID: store.NewID(), Received: time.Now(), Middleware: "hooks@file", Router: "r", DeliveryID: fmt.Sprint("d-", i), EventType: []string{"push", "ping"}[i%2], Method: "POST",
			RequestURI: "/in?token=hush", URL: "/in", Host: "h", Headers: map[string][]string{"X-Signature": {"sealed"}, "User-Agent": {"test"}}, Body: []byte("the payload"),
		}
		e := &store.Entry{State: store.Dead, Reason: engine.Rejected, Attempts: 3, When: time.Now().UnixMilli()}
		if i == n {
			e = &store.Entry{Attempts: 1, When: time.Now().Add(time.Hour).UnixMilli()}
		}
		if err := store.Put(place, d, e); err != nil {
			t.Fatal(err)
		}
		k.ids = append(k.ids, d.ID)
	}
	k.start(t, place)
	return k
}

// keeping are the options of a gate that keeps what was delivered for a time.
func keeping(delivered time.Duration) engine.Options {
	return engine.Options{
		Schedule:    &retry.Schedule{Steps: []time.Duration{time.Hour}, MaxAge: 24 * time.Hour, On: []retry.Range{{From: 500, To: 599}}},
		Concurrency: 1, MaxBytes: 1 << 30, MaxDeliveries: 20000, Keep: time.Hour, KeepDelivered: delivered,
	}
}

// start has the gate work on its store.
func (k *keeper) start(t *testing.T, place *store.Store) {
	t.Helper()
	k.e = engine.New(place, keeping(0), engine.Hooks{
		Serves: func(_ string) bool { return k.isServed() },
		Try: func(d *store.Delivery, _ int) engine.Result {
			k.mu.Lock()
			k.tried[d.ID]++
			k.mu.Unlock()
			return engine.Result{Status: 200}
		},
		Changed: func(c *engine.Change) {
			k.mu.Lock()
			k.changes = append(k.changes, *c)
			k.mu.Unlock()
		},
		Claim: func(_ string) {}, Release: func(_ string) {}, Tell: func(_, _ string) {},
	})
	engine.Start(k.e)
	t.Cleanup(func() {
		engine.Close(k.e)
		await(t, "the store is given back", func() bool { _, err := os.Stat(filepath.Join(place.Directory, "lock")); return err != nil })
	})
	await(t, "the store is read", func() bool { return engine.Count(k.e).Loaded })
}

func (k *keeper) isServed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.serves
}

// source is what the console is told, with an output for its records.
func (k *keeper) source() func(now time.Time) *Source {
	output := audit.NewOutput("console@file", audit.Spec{Kind: "file", Name: "records", File: logfile.Options{Path: k.records, MaxBytes: 1 << 20, MaxAge: time.Hour, Keep: 1}, Queue: outbox.Options{MemoryBytes: 1 << 20}})
	numbers := audit.NewNumbers("console@file")
	return func(_ time.Time) *Source {
		return &Source{
			Scrape: &scrape.Source{Gates: []scrape.Gate{{Name: "bare@file"}, {Name: "hooks@file", State: &memory.State{Delivery: k.e}}}}, Gates: []Gate{k.gate},
			Numbers: numbers, Audit: audit.Plain, Outputs: []*audit.Output{output},
		}
	}
}

// do asks the console. Headers are pairs; a value of - takes one away that is there by default.
func (k *keeper) do(look func(now time.Time) *Source, method, name, token, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://"+host+"/hookward/api/"+name, strings.NewReader(body))
	r.Host = host
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hookward-Action", name)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "-" {
			r.Header[headers[i]] = strings.Split(headers[i+1], "|")
		}
	}
	answer := httptest.NewRecorder()
	Serve("console@file", k.s, look, answer, r)
	return answer
}

// recorded returns the records of the console, once there are so many.
func (k *keeper) recorded(t *testing.T, n int) []audit.ConsoleRecord {
	t.Helper()
	records := []audit.ConsoleRecord{}
	await(t, fmt.Sprint(n, " records"), func() bool {
		records = records[:0]
		for _, line := range strings.Split(readFile(k.records), "\n") {
			r := audit.ConsoleRecord{}
			if line != "" && json.Unmarshal([]byte(line), &r) == nil {
				records = append(records, r)
			}
		}
		return len(records) >= n
	})
	return records
}

func (k *keeper) order(id string) string {
	return `{"gate":"hooks@file","ids":["` + id + `"],"reason":"the database is back"}`
}

// cookie logs somebody in, as a browser does.
func (k *keeper) cookie(look func(now time.Time) *Source, token string) string {
	login := k.do(look, "POST", "login", "", `{"token":"`+token+`"}`)
	value, _, _ := strings.Cut(login.Header().Get("Set-Cookie"), ";")
	return value
}

// A browser's operator replays: after a preview, which does nothing, once, and with a record.
// await waits until an order has ended.
func (k *keeper) await(t *testing.T, look func(now time.Time) *Source, number int64, done, left int) {
	t.Helper()
	last := orderRow{}
	await(t, fmt.Sprint("the end of order ", number), func() bool {
		found := struct{ Orders []orderRow }{}
		text := k.do(look, "GET", "orders?gate=hooks@file", viewerToken, "").Body.Bytes()
		if json.Unmarshal(text, &found) != nil {
			return false
		}
		for _, o := range found.Orders {
			if o.Number == number {
				last = o
			}
		}
		return last.Ended != ""
	})
	if last.Done != done || last.Left != left {
		t.Errorf("order %d: %+v", number, last)
	}
}

// Two operators who want the same at once get it once, and one of them is told.
// A stored delivery is seen as far as a role, the console and the gate's records allow it.
// A list has each delivery once, page by page.
func readFile(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(content)
}

// A filter that leaves 10,000 is previewed without touching one, and what is begun can be
// stopped.
