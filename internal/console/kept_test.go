package console

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	engine "github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/store"
)

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

// What is hidden in a row can't be found out by a filter, letter by letter.
func TestTextFindsNothingHidden(t *testing.T) {
	k := newKeeper(t, 1)
	look := k.source()
	for _, c := range []struct {
		secret, text string
		want, dead   int
	}{{"", "/in", 2, 1}, {"", "hush", 0, 0}, {"", "token", 0, 0}, {"", "?", 0, 0}, {"", "d-", 2, 1}, {"", "push", 1, 1}, {"push", "push", 0, 0}, {"push", "pu", 0, 0}, {"push", "ping", 1, 0}} {
		k.gate.Audit.Secrets = nil
		if c.secret != "" {
			k.gate.Audit.Secrets = []string{c.secret}
		}
		found := struct{ Deliveries []keptRow }{}
		text := k.do(look, "GET", "kept?text="+strings.Replace(c.text, "?", "%3F", 1), viewerToken, "").Body.Bytes()
		if json.Unmarshal(text, &found) != nil || len(found.Deliveries) != c.want {
			t.Errorf("a list of %q: %s", c.text, text)
		}
		preview := &orderAnswer{}
		text = k.do(look, "POST", "replay", operatorToken, `{"gate":"hooks@file","filter":{"state":"dead","text":"`+c.text+`"},"preview":true}`).Body.Bytes()
		if json.Unmarshal(text, preview) != nil || preview.Matched != c.dead {
			t.Errorf("a preview of %q: %s", c.text, text)
		}
	}
}

func TestManyAreMeant(t *testing.T) {
	k := &keeper{s: page(t), records: filepath.Join(t.TempDir(), "records"), gate: Gate{Name: "hooks@file", Audit: audit.Plain}}
	k.s.Roles[policy.ConsoleDigest(operatorToken)] = policy.Operator
	place := store.New(store.DirectoryOf(t.TempDir(), "hooks@file"), "hooks@file", nil)
	if err := store.Create(place); err != nil {
		t.Fatal(err)
	}
	const many = 10_000
	when := time.Now().UnixMilli()
	for i := 0; i < many; i++ {
		id := store.NewID() // what is in the files says nothing here
		if err := os.WriteFile(filepath.Join(place.Directory, "dead", id[len(id)-1:], fmt.Sprintf("%s.3.0.%d.rejected", id, when)), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k.start(t, place)
	look := k.source()
	preview := &orderAnswer{}
	text := k.do(look, "POST", "drop", operatorToken, `{"gate":"hooks@file","filter":{"state":"dead"},"preview":true}`).Body.Bytes()
	if json.Unmarshal(text, preview) != nil || preview.Matched != many || len(preview.First) != 20 || preview.Order != nil || engine.Count(k.e).Dead != many {
		t.Fatalf("%s", text)
	}
	given := k.do(look, "POST", "drop", operatorToken, `{"gate":"hooks@file","filter":{"state":"dead"},"most":10000,"reason":"x"}`)
	await(t, "the first ones are dropped", func() bool { return engine.Count(k.e).Dead < many })
	stopped := k.do(look, "POST", "stop", operatorToken, `{"gate":"hooks@file","order":1}`)
	if given.Code != 200 || stopped.Code != 200 {
		t.Fatalf("%d %s, %d %s", given.Code, given.Body, stopped.Code, stopped.Body)
	}
	ended := engine.Orders(k.e)[0]
	if ended.Stopped == "" || ended.Total != many || ended.Done == many || engine.Count(k.e).Dead < many-ended.Done-1 {
		t.Errorf("%+v, %+v", ended, engine.Count(k.e))
	}
}
