package console

import (
	"encoding/json"
	"fmt"
	"io"
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
	k.e = engine.New(place, engine.Options{Schedule: &retry.Schedule{Steps: []time.Duration{time.Hour}, MaxAge: 24 * time.Hour, On: []retry.Range{{From: 500, To: 599}}}, Concurrency: 1, MaxBytes: 1 << 30, MaxDeliveries: 20000, Keep: time.Hour}, engine.Hooks{
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
	t.Cleanup(func() { engine.Close(k.e) })
	await(t, "the store is read", func() bool { return engine.Count(k.e).Loaded })
	return k
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

func TestActionRefusals(t *testing.T) {
	k := newKeeper(t, 3)
	look := k.source()
	session := k.cookie(look, operatorToken)
	right := k.order(k.ids[0])
	own := "https://" + host
	for name, c := range map[string]struct {
		method, action, token, body string
		headers                     []string
		status                      int
		recorded                    bool
	}{
		"no token":               {"POST", "replay", "", right, nil, 401, false},
		"a wrong token":          {"POST", "drop", "x" + operatorToken, right, nil, 401, true},
		"a viewer":               {"POST", "replay", viewerToken, right, nil, 403, true},
		"a reader":               {"POST", "drop", readerToken, right, nil, 403, true},
		"a reader stops":         {"POST", "stop", readerToken, `{"gate":"hooks@file","order":1}`, nil, 403, true},
		"GET":                    {"GET", "replay", operatorToken, "", nil, 405, false},
		"PUT":                    {"PUT", "drop", operatorToken, right, nil, 405, false},
		"another origin":         {"POST", "replay", "", right, []string{"Cookie", session, "Origin", "https://evil.example"}, 403, true},
		"two origins":            {"POST", "replay", "", right, []string{"Cookie", session, "Origin", own + "|" + own}, 403, true},
		"no origin":              {"POST", "replay", "", right, []string{"Cookie", session}, 403, true},
		"another site":           {"POST", "drop", "", right, []string{"Cookie", session, "Origin", own, "Sec-Fetch-Site", "cross-site"}, 403, true},
		"a form":                 {"POST", "replay", "", right, []string{"Cookie", session, "Origin", own, "Content-Type", "text/plain"}, 403, true},
		"no header":              {"POST", "replay", "", right, []string{"Cookie", session, "Origin", own, "X-Hookward-Action", "-"}, 403, true},
		"no header, by a token":  {"POST", "replay", operatorToken, right, []string{"X-Hookward-Action", "-"}, 403, true},
		"another action's":       {"POST", "drop", operatorToken, right, []string{"X-Hookward-Action", "replay"}, 403, true},
		"the header twice":       {"POST", "drop", operatorToken, right, []string{"X-Hookward-Action", "drop|drop"}, 403, true},
		"too large":              {"POST", "replay", operatorToken, `{"reason":"` + strings.Repeat("a", maxAction) + `"}`, nil, 413, true},
		"nothing":                {"POST", "replay", operatorToken, "", nil, 400, true},
		"no JSON":                {"POST", "replay", operatorToken, "replay", nil, 400, true},
		"a list":                 {"POST", "replay", operatorToken, "[]", nil, 400, true},
		"two values":             {"POST", "replay", operatorToken, right + right, nil, 400, true},
		"a name twice":           {"POST", "drop", operatorToken, strings.Replace(right, `{`, `{"preview":true,"Preview":false,`, 1), nil, 400, true},
		"an unknown name":        {"POST", "replay", operatorToken, strings.Replace(right, `{`, `{"colour":1,`, 1), nil, 400, true},
		"another type":           {"POST", "replay", operatorToken, strings.Replace(right, `{`, `{"force":"yes",`, 1), nil, 400, true},
		"no gate":                {"POST", "replay", operatorToken, strings.Replace(right, "hooks@file", "", 1), nil, 400, true},
		"an unknown gate":        {"POST", "replay", operatorToken, strings.Replace(right, "hooks@file", "nobody@file", 1), nil, 404, true},
		"a gate that has none":   {"POST", "replay", operatorToken, strings.Replace(right, "hooks@file", "bare@file", 1), nil, 404, true},
		"no reason":              {"POST", "replay", operatorToken, strings.Replace(right, "the database is back", "", 1), nil, 400, true},
		"a blank reason":         {"POST", "drop", operatorToken, strings.Replace(right, "the database is back", " ", 1), nil, 400, true},
		"two lines":              {"POST", "drop", operatorToken, strings.Replace(right, "the database is back", `a\nb`, 1), nil, 400, true},
		"too long a reason":      {"POST", "drop", operatorToken, strings.Replace(right, "the database is back", strings.Repeat("a", 501), 1), nil, 400, true},
		"no ids":                 {"POST", "drop", operatorToken, `{"gate":"hooks@file","reason":"x"}`, nil, 400, true},
		"an empty list":          {"POST", "drop", operatorToken, `{"gate":"hooks@file","reason":"x","ids":[]}`, nil, 400, true},
		"an empty id":            {"POST", "drop", operatorToken, `{"gate":"hooks@file","reason":"x","ids":[""]}`, nil, 400, true},
		"ids and a filter":       {"POST", "drop", operatorToken, strings.Replace(right, `{`, `{"filter":{"state":"dead"},`, 1), nil, 400, true},
		"a filter of everything": {"POST", "drop", operatorToken, `{"gate":"hooks@file","reason":"x","filter":{}}`, nil, 400, true},
		"replay of what waits":   {"POST", "replay", operatorToken, `{"gate":"hooks@file","reason":"x","filter":{"state":"waiting"}}`, nil, 400, true},
		"too many ids":           {"POST", "drop", operatorToken, `{"gate":"hooks@file","reason":"x","ids":["a"` + strings.Repeat(`,"a"`, maxIDs) + `]}`, nil, 400, true},
		"a rate of nothing":      {"POST", "replay", operatorToken, strings.Replace(right, `{`, `{"rate":"0/s",`, 1), nil, 400, true},
		"a rate without a unit":  {"POST", "replay", operatorToken, strings.Replace(right, `{`, `{"rate":"10",`, 1), nil, 400, true},
		"a rate of a drop":       {"POST", "drop", operatorToken, strings.Replace(right, `{`, `{"rate":"1/s",`, 1), nil, 400, true},
		"force of a drop":        {"POST", "drop", operatorToken, strings.Replace(right, `{`, `{"force":true,`, 1), nil, 400, true},
		"more than previewed":    {"POST", "drop", operatorToken, `{"gate":"hooks@file","reason":"x","filter":{"state":"dead"},"most":2}`, nil, 409, true},
		"a name by a browser":    {"POST", "drop", "", strings.Replace(right, `{`, `{"by":"ada",`, 1), []string{"Cookie", session, "Origin", own}, 400, true},
		"stop of nothing":        {"POST", "stop", operatorToken, `{"gate":"hooks@file","order":7}`, nil, 409, true},
		"stop without a number":  {"POST", "stop", operatorToken, `{"gate":"hooks@file"}`, nil, 400, true},
		"payload for a viewer":   {"GET", "kept/" + k.ids[0] + "?payload=1", viewerToken, "", nil, 403, true},
		"kept by nobody":         {"GET", "kept", "", "", nil, 401, false},
		"an unknown delivery":    {"GET", "kept/019ad2c4f0e87c1e5d0f10000001", viewerToken, "", nil, 404, false},
		"another gate's":         {"GET", "kept/" + k.ids[0] + "?gate=other@file", viewerToken, "", nil, 404, false},
		"a path for an id":       {"GET", "kept/..%2f..%2fetc", viewerToken, "", nil, 404, false},
		"an unknown state":       {"GET", "kept?state=lost", viewerToken, "", nil, 400, false},
	} {
		before := len(k.recorded(t, 0))
		answer := k.do(look, c.method, c.action, c.token, c.body, c.headers...)
		if answer.Code != c.status {
			t.Errorf("%s: %d %s, want %d", name, answer.Code, answer.Body, c.status)
		}
		if !c.recorded {
			continue
		}
		last := k.recorded(t, before+1)[before]
		if last.Outcome != "failure" || last.Message == "" || last.Status != c.status || last.Dataset != "hookward.console" || (len(last.Roles) == 0) != (c.status == 401) {
			t.Errorf("%s: %+v", name, last)
		}
	}
	if n := engine.Count(k.e); n.Dead != 3 || n.Waiting != 1 || len(k.changes) != 0 {
		t.Errorf("%+v: something was done", n)
	}
}

// A browser's operator replays: after a preview, which does nothing, once, and with a record.
func TestReplayAndDrop(t *testing.T) {
	k := newKeeper(t, 5)
	look := k.source()
	session := k.cookie(look, operatorToken)
	browser := []string{"Cookie", session, "Origin", "https://" + host, "Sec-Fetch-Site", "same-origin"}
	ask := func(action, body string) *orderAnswer {
		t.Helper()
		answer := k.do(look, "POST", action, "", body, browser...)
		a := &orderAnswer{}
		if answer.Code != 200 || json.Unmarshal(answer.Body.Bytes(), a) != nil {
			t.Fatalf("%s: %d %s", action, answer.Code, answer.Body)
		}
		return a
	}
	preview := ask("replay", `{"gate":"hooks@file","filter":{"state":"dead","event":"push"},"preview":true}`)
	if preview.Matched != 3 || len(preview.First) != 3 || preview.Order != nil || preview.First[0].Path != "/in" {
		t.Fatalf("%+v", preview)
	}
	if n := engine.Count(k.e); n.Dead != 5 {
		t.Errorf("%+v after a preview", n)
	}
	hostile := `<script>"'‮` // what it is becomes text, wherever it is shown
	text, _ := json.Marshal(hostile)
	given := ask("replay", `{"gate":"hooks@file","filter":{"state":"dead","event":"push"},"most":3,"rate":"1000/s","reason":`+string(text)+`}`)
	if given.Matched != 3 || given.Order == nil || given.Order.Actor != "operator" {
		t.Fatalf("%+v", given)
	}
	k.await(t, look, given.Order.Number, 3, 0)
	for _, id := range []string{k.ids[0], k.ids[2], k.ids[4]} {
		if one := engine.See(k.e, id); one == nil || one.Entry.State != store.Waiting || one.Entry.Attempts != 3 {
			t.Errorf("%s: %+v", id, one)
		}
	}
	again := ask("replay", k.order(k.ids[0]))
	k.await(t, look, again.Order.Number, 0, 1)
	dropped := ask("drop", k.order(k.ids[1]))
	k.await(t, look, dropped.Order.Number, 1, 0)
	gone := ask("drop", k.order(k.ids[1]))
	if gone.Order != nil || gone.Matched != 0 || len(gone.Missing) != 1 || !strings.Contains(gone.Missing[0].Why, "was dropped at ") {
		t.Errorf("%+v", gone)
	}
	k.mu.Lock()
	k.serves = true
	k.mu.Unlock()
	engine.Poke(k.e)
	await(t, "all three arrive", func() bool { return engine.Count(k.e).Waiting == 1 })
	arrived := ask("replay", k.order(k.ids[0]))
	if arrived.Order != nil || !strings.Contains(arrived.Missing[0].Why, "was delivered at ") {
		t.Errorf("%+v", arrived)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range []string{k.ids[0], k.ids[2], k.ids[4]} {
		if k.tried[id] != 1 {
			t.Errorf("%s was tried %d times", id, k.tried[id])
		}
	}
	replayed := 0
	for _, c := range k.changes {
		if c.To == engine.Replayed && c.Actor == "operator" && c.Reason == hostile {
			replayed++
		}
	}
	if replayed != 3 {
		t.Errorf("%d are recorded as replayed, with who and why", replayed)
	}
	records := k.recorded(t, 6)
	if r := records[1]; r.Action != "replay" || r.Outcome != "success" || r.Matched != 3 || r.Order != given.Order.Number || r.Gate != "hooks@file" || !strings.Contains(r.Filter, "push") || strings.ContainsAny(r.Reason, "‮") {
		t.Errorf("%+v", r)
	}
}

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
func TestTwoAtOnce(t *testing.T) {
	k := newKeeper(t, 30)
	look := k.source()
	body := `{"gate":"hooks@file","filter":{"state":"dead"},"rate":"1/m","reason":"x","by":"ada"}`
	codes := make(chan int, 8)
	for i := 0; i < 8; i++ {
		go func() { codes <- k.do(look, "POST", "replay", operatorToken, body).Code }()
	}
	got := map[int]int{}
	for i := 0; i < 8; i++ {
		code := <-codes
		got[code]++
	}
	if got[200] != 1 || got[409] != 7 {
		t.Errorf("%v", got)
	}
	await(t, "the first one", func() bool { return engine.Count(k.e).Waiting == 2 })
	stopped := k.do(look, "POST", "stop", operatorToken, `{"gate":"hooks@file","order":1,"by":"bob"}`)
	if stopped.Code != 200 {
		t.Errorf("%d %s", stopped.Code, stopped.Body)
	}
	k.await(t, look, 1, 1, 0)
	if o := engine.Orders(k.e)[0]; o.Stopped != "operator: bob" || o.Order.Actor != "operator: ada" {
		t.Errorf("%+v", o)
	}
	if n := engine.Count(k.e); n.Dead != 29 {
		t.Errorf("%+v", n)
	}
}

// A stored delivery is seen as far as a role, the console and the gate's records allow it.
func TestKeptPayload(t *testing.T) {
	k := newKeeper(t, 1)
	look := k.source()
	for _, c := range []struct {
		token, payload, query string
		allowed               bool
		status                int
		headers, seen         bool
	}{
		{viewerToken, audit.PayloadFull, "", true, 200, false, false},
		{viewerToken, audit.PayloadFull, "?payload=1", true, 403, false, false},
		{readerToken, audit.PayloadFull, "", true, 200, true, false},
		{readerToken, audit.PayloadFull, "?payload=1", true, 200, true, true},
		{operatorToken, audit.PayloadFull, "?payload=1", true, 200, true, true},
		{readerToken, audit.PayloadHash, "?payload=1", true, 200, true, false},
		{readerToken, audit.PayloadNone, "?payload=1", true, 200, true, false},
		{operatorToken, audit.PayloadFull, "?payload=1", false, 200, true, false},
	} {
		k.s.Payload = c.allowed
		k.gate.Audit.Payload = c.payload
		answer := k.do(look, "GET", "kept/"+k.ids[0]+c.query, c.token, "")
		text := answer.Body.String()
		if answer.Code != c.status || strings.Contains(text, "the payload") != c.seen || strings.Contains(text, "User-Agent") != c.headers {
			t.Errorf("%+v: %d %s", c, answer.Code, text)
		}
		if strings.Contains(text, "sealed") || strings.Contains(text, "hush") {
			t.Errorf("%+v: a secret is shown: %s", c, text)
		}
	}
	k.gate.Audit = nil // its configuration has a mistake
	if text := k.do(look, "GET", "kept/"+k.ids[0]+"?payload=1", operatorToken, "").Body.String(); strings.Contains(text, "the payload") || !strings.Contains(text, "User-Agent") {
		t.Error(text)
	}
}

// A list has each delivery once, page by page.
func TestKeptPages(t *testing.T) {
	k := newKeeper(t, 12)
	look := k.source()
	seen := map[string]bool{}
	after := ""
	for turn := 0; turn == 0 || after != "" && turn < 9; turn++ {
		found := struct {
			Deliveries []keptRow
			After      string
		}{}
		answer := k.do(look, "GET", "kept?state=dead&limit=5&after="+after, viewerToken, "")
		if answer.Code != 200 || json.Unmarshal(answer.Body.Bytes(), &found) != nil {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
		for _, r := range found.Deliveries {
			if seen[r.ID] || r.Gate != "hooks@file" || r.State != store.Dead || r.Reason != engine.Rejected || r.Died == "" {
				t.Errorf("%+v", r)
			}
			seen[r.ID] = true
		}
		after = found.After
	}
	if len(seen) != 12 {
		t.Errorf("%d of 12", len(seen))
	}
	for query, want := range map[string]int{"state=waiting": 1, "event=push": 7, "text=D-11": 1, "reason=too_old": 0, "gate=other": 0, "router=r": 13, "from=2999-01-01T00:00:00Z": 0, "to=2000-01-01T00:00:00Z": 0} {
		found := struct{ Deliveries []keptRow }{}
		text, _ := io.ReadAll(k.do(look, "GET", "kept?"+query, viewerToken, "").Body)
		if json.Unmarshal(text, &found) != nil || len(found.Deliveries) != want {
			t.Errorf("%s: %d, want %d: %s", query, len(found.Deliveries), want, text)
		}
	}
}

func readFile(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(content)
}
