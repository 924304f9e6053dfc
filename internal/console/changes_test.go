package console

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/policy"
)

// keepKept keeps the record of a request whose delivery is kept by an id.
func keepKept(id, kept, state string) {
	Keep([]byte(fmt.Sprintf(`{"event.id":%q,"hookward.middleware":"a@file","hookward.decision":"pass","event.reason":"verified","hookward.delivery.id":%q,"hookward.delivery.state":%q}`+"\n", id, kept, state)), nil, audit.Plain, map[string]bool{})
}

func changeTo(kept, action string, attempt int) {
	before := atomic.SwapInt32(Watched, 1)
	defer atomic.StoreInt32(Watched, before)
	KeepChange([]byte(fmt.Sprintf(`{"event.id":"c-%d","event.dataset":"hookward.delivery","event.action":%q,"hookward.middleware":"a@file","hookward.delivery.id":%q,"hookward.delivery.attempt":%d}`+"\n", attempt, action, kept, attempt)))
}

// A list has the state that a delivery is in now, and can be filtered by it.
func TestStates(t *testing.T) {
	s := page(t)
	keepKept("a-1", "k1", "stored")
	keepKept("a-2", "k2", "stored")
	keepKept("a-3", "k3", "delivered")
	keepKept("a-4", "k4", "stored")
	keepKept("a-5", "k5", "stored")
	keepOne("a-6", "pass", "")
	changeTo("k1", "failed", 2)
	changeTo("k1", "delivered", 3)
	changeTo("k2", "dead", 4)
	changeTo("k4", "failed", 2)
	changeTo("k5", "dead", 2)
	changeTo("k5", "replayed", 2)
	changeTo("", "failed", 2)
	before := atomic.SwapInt32(Watched, 1)
	KeepChange(nil)
	KeepChange([]byte("no record"))
	atomic.StoreInt32(Watched, before)
	for state, want := range map[string]string{"": "a-6: 0 a-5:stored 2 a-4:stored 2 a-3:delivered 0 a-2:dead 4 a-1:delivered 3", "dead": "a-2:dead 4", "stored": "a-5:stored 2 a-4:stored 2", "passed": ""} {
		answer := ask(s, "GET", "/hookward/api/deliveries?state="+state, "", bearer(viewerToken)...)
		found := struct{ Deliveries []row }{}
		if err := json.Unmarshal(answer.Body.Bytes(), &found); err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, d := range found.Deliveries {
			got = append(got, fmt.Sprintf("%s:%s %d", d.ID, d.State, d.Attempts))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", state, got, want)
		}
	}
}

// One delivery has what has become of it, by either id, also when its request is forgotten.
func TestChangesOfOne(t *testing.T) {
	s := page(t)
	keepKept("a-1", "k1", "stored")
	keepOne("a-2", "pass", "")
	changeTo("k1", "failed", 2)
	changeTo("other", "failed", 2)
	changeTo("k1", "delivered", 3)
	changeTo("gone", "dead", 7)
	for id, want := range map[string]string{"a-1": "a-1 delivered failed delivered", "k1": "a-1 delivered failed delivered", "a-2": "a-2 ", "gone": " dead dead"} {
		answer := ask(s, "GET", "/hookward/api/deliveries/"+id, "", bearer(viewerToken)...)
		found := struct {
			Record  map[string]any
			State   string
			Changes []map[string]any
		}{}
		if err := json.Unmarshal(answer.Body.Bytes(), &found); err != nil {
			t.Fatalf("%s: %d %v", id, answer.Code, err)
		}
		got := ""
		if found.Record["event.id"] != nil {
			got = found.Record["event.id"].(string)
		}
		got += " " + found.State
		for _, c := range found.Changes {
			got += " " + c["event.action"].(string)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	for _, id := range []string{"k", "k2", "", "c-2", `k1","x`} {
		if answer := ask(s, "GET", "/hookward/api/deliveries/"+strings.ReplaceAll(id, `"`, "%22"), "", bearer(viewerToken)...); answer.Code != 404 {
			t.Errorf("%q: %d", id, answer.Code)
		}
	}
}

// Without a console nothing is kept.
func TestChangesThatNobodySees(t *testing.T) {
	page(t)
	before := atomic.SwapInt32(Watched, 0)
	defer atomic.StoreInt32(Watched, before)
	KeepChange([]byte(`{"hookward.delivery.id":"k1","event.action":"failed"}`))
	if all, newest := changesAfter(0); len(all) != 0 || newest != 0 {
		t.Errorf("%d are kept", len(all))
	}
}

func TestChangesAreBounded(t *testing.T) {
	page(t)
	for i := 0; i < maxChanges+7; i++ {
		changeTo(fmt.Sprintf("k%d", i), "failed", 2)
	}
	all, newest := changesAfter(0)
	if len(all) != maxChanges || newest != maxChanges+7 || all[0].kept != "k7" {
		t.Errorf("%d changes up to %d", len(all), newest)
	}
	if some, _ := changesAfter(newest - 2); len(some) != 2 || some[1].number != newest {
		t.Errorf("%d changes", len(some))
	}
}

// A viewer is told of what becomes of the deliveries that he looks at, and of no other.
func TestChangesThatAreTold(t *testing.T) {
	page(t)
	changeTo("k1", "failed", 2)
	changeTo("k2", "dead", 4)
	changeTo("k1", "delivered", 3)
	all, _ := changesAfter(0)
	for name, c := range map[string]struct {
		query query
		want  string
	}{
		"all":          {query{}, "k1 stored 2,k2 dead 4,k1 delivered 3"},
		"one":          {query{kept: "k1"}, "k1 stored 2,k1 delivered 3"},
		"a gate":       {query{gate: "a@file"}, "k1 stored 2,k2 dead 4,k1 delivered 3"},
		"another gate": {query{gate: "b@file"}, ""},
		"none":         {query{kept: "k"}, ""},
	} {
		got := []string{}
		for _, event := range strings.Split(changeEvents(all, &c.query), "\n\n") {
			told := struct {
				Kept, State string
				Attempts    int
				Record      map[string]any
			}{}
			if event == "" {
				continue
			}
			if !strings.HasPrefix(event, "event: change\ndata: ") || json.Unmarshal([]byte(event[len("event: change\ndata: "):]), &told) != nil || told.Record["event.dataset"] != "hookward.delivery" {
				t.Errorf("%s: %q", name, event)
			}
			got = append(got, fmt.Sprint(told.Kept, " ", told.State, " ", told.Attempts))
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for i := 0; i < maxTurn+5; i++ {
		changeTo("k3", "failed", i)
	}
	all, _ = changesAfter(0)
	if n := strings.Count(changeEvents(all, &query{}), "event: change"); n != maxTurn {
		t.Errorf("%d are told of in one turn", n)
	}
}

// What comes is on the stream at once, beside the rows of requests.
func TestStreamOfChanges(t *testing.T) {
	s := page(t)
	server := serving(s)
	defer server.Close()
	changeTo("k1", "failed", 2) // before anybody looks
	r, _ := http.NewRequest("GET", server.URL+"/hookward/api/stream", nil)
	r.Header.Set("Authorization", "Bearer "+viewerToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("%v %v", err, answer)
	}
	defer func() { _ = answer.Body.Close() }()
	lines := bufio.NewScanner(answer.Body)
	until := func(text string) string {
		seen := ""
		for lines.Scan() {
			seen += lines.Text() + "\n"
			if strings.Contains(lines.Text(), text) {
				return seen
			}
		}
		t.Fatalf("no %q in %q: %v", text, seen, lines.Err())
		return ""
	}
	until("event: start")
	keepKept("a-1", "k1", "stored")
	if row := until(`"a-1"`); !strings.Contains(row, `"state":"stored","attempts":2`) {
		t.Errorf("the row is %s", row)
	}
	changeTo("k1", "delivered", 3)
	if seen := until(`"kept":"k1","state":"delivered","attempts":3`); strings.Contains(seen, `"attempts":2,"record"`) {
		t.Errorf("told of what was before: %s", seen)
	}
}

// Somebody who has opened many streams takes no place of others.
func TestViewersOfOneToken(t *testing.T) {
	s := page(t)
	await(t, "the streams of other tests end", func() bool { return atomic.LoadInt32(&streams) == 0 })
	server := serving(s)
	defer server.Close()
	open := func(token string) (int, io.Closer) {
		r, _ := http.NewRequest("GET", server.URL+"/hookward/api/stream", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Body
	}
	bodies := []io.Closer{}
	for i := 0; i < maxOwn; i++ {
		status, body := open(viewerToken)
		bodies = append(bodies, body)
		if status != 200 {
			t.Fatalf("stream %d: %d", i, status)
		}
	}
	if status, _ := open(viewerToken); status != 503 {
		t.Errorf("one stream too many of one token: %d", status)
	}
	status, body := open(readerToken)
	bodies = append(bodies, body)
	if status != 200 {
		t.Errorf("another token: %d", status)
	}
	for _, body := range bodies {
		_ = body.Close()
	}
	await(t, "all streams end", func() bool { return atomic.LoadInt32(&streams) == 0 && len(places) == 0 })
}

// serving serves a console by its name.
func serving(s *policy.Console) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Host = host
		Serve("console@file", s, nothing, rw, r)
	}))
}
