package hookward

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/store"
)

// forgetClaims removes what a gate's journal of replay knows, while it has ended: the kill of
// a process may have kept a line from it.
func forgetClaims(k *kept) {
	k.t.Helper()
	files, _ := filepath.Glob(filepath.Join(k.state, "replay-*"))
	if len(files) == 0 {
		k.t.Fatal("there is no journal")
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			k.t.Fatal(err)
		}
	}
}

// The first request after a start may be the repeat of what is stored, before the store is
// read. It waits for that.
func TestRepeatBeforeStoreIsRead(t *testing.T) {
	k := keptGate(t, map[string]any{"retry": map[string]any{"schedule": "1h"}}, statuses(503))
	post(k, "body")
	end(k)
	forgetClaims(k)
	begin(k)
	if rw := post(k, "body"); rw.Code != http.StatusAccepted || len(arrivals(k.backend)) != 1 {
		t.Errorf("%d, %d arrivals\n%s", rw.Code, len(arrivals(k.backend)), k.records())
	}
	numbers(k, 1, 0)
}

// An operator replays what is dead while its sender sends it again: whoever is first has the
// backend asked, and the other one does not.
func TestReplayBesideRepeat(t *testing.T) {
	const n = 16
	k := keptGate(t, map[string]any{"retry": map[string]any{"schedule": "1ms"}, "concurrency": "16"}, statuses(503))
	for i := 0; i < n; i++ {
		post(k, fmt.Sprint("body ", i))
		numbers(k, 0, i+1)
		setAnswer(k.backend, statuses(200)) // so that the backend is not taken to be down
		post(k, fmt.Sprint("other body ", i))
		setAnswer(k.backend, statuses(503))
	}
	setAnswer(k.backend, statuses(200))
	before := len(arrivals(k.backend))
	e := engineOf(k)
	if _, problem := delivery.Give(e, delivery.Order{Action: store.Replay, Actor: "ada", Reason: "mended"}, delivery.Pick(e, &delivery.Filter{State: store.Dead}).IDs); problem != "" {
		t.Fatal(problem)
	}
	var all sync.WaitGroup
	for i := 0; i < n; i++ {
		all.Add(1)
		go repeat(k, fmt.Sprint("body ", i), &all)
	}
	all.Wait()
	numbers(k, 0, 0)
	times := map[string]int{}
	for _, one := range arrivals(k.backend)[before:] {
		times[one.body]++
	}
	for i := 0; i < n; i++ {
		if body := fmt.Sprint("body ", i); times[body] != 1 {
			t.Errorf("%s has arrived %d times; %+v", body, times[body], delivery.Orders(e)[0])
		}
	}
}

// repeat sends a body until that is acknowledged.
func repeat(k *kept, body string, all *sync.WaitGroup) {
	defer all.Done()
	for post(k, body).Code >= 300 {
		time.Sleep(time.Millisecond)
	}
}

// What an operator drops while Traefik is stopped may be sent again: its sender is not told
// that it is there.
func TestDroppedWhileStopped(t *testing.T) {
	k := keptGate(t, map[string]any{"retry": map[string]any{"schedule": "1h"}}, statuses(503))
	post(k, "dropped")
	post(k, "kept")
	end(k)
	s := store.New(store.DirectoryOf(k.state, k.name), k.name, nil)
	_, err := store.List(s, store.Waiting, func(e *store.Entry) bool {
		d, problem := store.Load(s, e)
		if problem != "" || string(d.Body) != "dropped" {
			return true
		}
		a := &store.Action{Time: time.Now(), ID: e.ID, Action: store.Drop, State: e.State, Actor: "ada", Reason: "a test"}
		store.NoteClaim(s, a, d.Claim)
		if err := store.NoteAction(s, a); err != nil {
			t.Error(err)
		}
		return store.Discard(s, e) == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	begin(k)
	for i, body := range []string{"dropped", "dropped", "kept"} {
		if rw := post(k, body); rw.Code != http.StatusAccepted || len(arrivals(k.backend)) != 3 {
			t.Errorf("%d: %d, %d arrivals", i, rw.Code, len(arrivals(k.backend)))
		}
	}
	numbers(k, 2, 0)
	recorded(k, `"event.action":"dropped"`)
	// That it was dropped is no reason to forget it once more.
	end(k)
	begin(k)
	if rw := post(k, "dropped"); rw.Code != http.StatusAccepted || len(arrivals(k.backend)) != 3 {
		t.Errorf("%d, %d arrivals", rw.Code, len(arrivals(k.backend)))
	}
}
