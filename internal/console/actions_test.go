package console

import (
	"encoding/json"
	"strings"
	"testing"

	engine "github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/store"
)

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
		"unforced replay":        {"POST", "replay", operatorToken, `{"gate":"hooks@file","reason":"x","filter":{"state":"delivered"}}`, nil, 400, true},
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
	hostile := "<script>\"'\u202e" // what it is becomes text, wherever it is shown
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
	if r := records[1]; r.Action != "replay" || r.Outcome != "success" || r.Matched != 3 || r.Order != given.Order.Number || r.Gate != "hooks@file" || !strings.Contains(r.Filter, "push") || strings.ContainsAny(r.Reason, "\u202e") {
		t.Errorf("%+v", r)
	}
}

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
