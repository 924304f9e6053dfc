package delivery

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// arrive has a delivery arrive while its sender waits.
func (w *world) arrive(claim string) string {
	id := store.NewID()
	d := &store.Delivery{ID: id, Received: w.wall(), Middleware: "m", Router: "a", Claim: claim, Method: "POST", RequestURI: "/", URL: "/", Host: "h",
		Tokens: []string{}, Headers: map[string][]string{"X-Id": {id}}, Body: []byte(id + "\x00body")}
	mine := *d
	w.kept[id] = d
	w.attempts[id] = 1
	w.taken[id] = true
	w.ended[id] = Delivered
	if w.options.KeepDelivered > 0 {
		w.had[id] = true
		KeepArrived(w.e, &mine)
		tendArrivals(w.e)
	}
	return id
}

// checkArrivals holds what is kept of what has arrived against the disk and the limits.
func (w *world) checkArrivals(when string, others int) {
	w.t.Helper()
	files := w.files(store.Delivered)
	bytes := int64(0)
	for id, size := range files {
		bytes += size
		if w.ended[id] != Delivered {
			w.t.Fatalf("%s: %s is %q, and is kept as delivered", when, id, w.ended[id])
		}
	}
	n := Count(w.e)
	if n.Delivered != len(files) || w.e.arrived.bytes != bytes || len(files) > 0 && (w.options.KeepDelivered == 0 || others+len(files) > w.options.MaxDeliveries) {
		w.t.Fatalf("%s: %d of %d bytes are kept beside %d; on disk %d of %d bytes", when, n.Delivered, w.e.arrived.bytes, others, len(files), bytes)
	}
}

func newKeeper(t *testing.T) *world {
	w := newWorld(t)
	w.options.KeepDelivered = time.Hour
	w.options.MaxDeliveries = 5
	w.restart()
	return w
}

func (w *world) isKept(id string) bool {
	_, there := w.files(store.Delivered)[id]
	return there
}

// What has arrived gives way to what waits, the oldest first, and refuses nothing.
func TestArrivalsGiveWay(t *testing.T) {
	w := newKeeper(t)
	ids := []string{}
	for i := 0; i < 6; i++ {
		ids = append(ids, w.arrive(""))
		w.now++
	}
	if n := Count(w.e); n.Delivered != 5 || n.Unkept != 1 || n.Bytes != 0 || w.isKept(ids[0]) || !w.isKept(ids[1]) {
		t.Errorf("%+v", n)
	}
	w.answers["a"] = Result{Status: 503}
	for i := 0; i < 5; i++ {
		if w.keep("a", "", 1) == "" {
			t.Fatalf("what has arrived refuses the room: %v", w.told)
		}
		w.check("kept")
	}
	if w.isKept(ids[5]) || w.keep("a", "", 1) != "" {
		t.Error("there is more than there may be")
	}
	w.arrive("")
	w.pass(time.Second)
	if n := Count(w.e); n.Delivered != 0 || n.Unkept != 7 || n.Waiting != 5 {
		t.Errorf("%+v", n)
	}
	if told := strings.Join(w.told, "\n"); !strings.Contains(told, "warn 1 delivered deliveries are not kept for store.keepDelivered, and have arrived all the same: the store is full") {
		t.Error(told)
	}
	w.pass(time.Minute)
	if told := strings.Join(w.told, "\n"); !strings.Contains(told, "warn 6 delivered deliveries are not kept") || !strings.Contains(told, "what waits, and what is dead, leave no room") {
		t.Error(told)
	}
	// Bytes bound as well.
	w = newKeeper(t)
	first := w.arrive("")
	w.options.MaxBytes = w.e.arrived.bytes + 10
	ChangeOptions(w.e, w.options)
	w.now++
	if second := w.arrive(""); w.isKept(first) || w.isKept(second) {
		t.Error("there are more bytes than there may be") // the second may take more than it does
	}
}

// What has arrived goes when its time is over, or nobody wants it any more.
func TestArrivalsExpire(t *testing.T) {
	w := newKeeper(t)
	w.e.began = w.wall().Add(-time.Duration(w.now) * time.Millisecond)
	first := w.arrive("c")
	w.pass(30 * time.Minute)
	second := w.arrive("")
	w.lead += 2 * time.Hour.Milliseconds()
	w.pass(time.Minute)
	if !w.isKept(first) || !w.isKept(second) {
		t.Error("a clock that was set ends what is kept")
	}
	w.lead = 0
	w.pass(35 * time.Minute)
	if w.isKept(first) || !w.isKept(second) {
		t.Error("it is kept for another time than is wanted")
	}
	w.restart()
	w.pass(time.Second)
	if !w.isKept(second) {
		t.Error("a restart loses it")
	}
	w.options.KeepDelivered = 0
	ChangeOptions(w.e, w.options)
	w.pass(time.Second)
	if w.isKept(second) || w.released["c"] > 0 || w.e.Alert != 0 {
		t.Error("it is there, although nobody wants it any more")
	}
}

// What has arrived is replayed by force alone. Its claim is never given back, whatever comes of
// that, and a restart in between.
func TestForcedReplay(t *testing.T) {
	w := newKeeper(t)
	w.answers["a"] = Result{Status: 503}
	waited := w.keep("a", "waited", 1)
	w.answers["a"] = Result{Status: 200}
	w.pass(time.Minute)
	for _, id := range []string{w.arrive("at once"), waited} {
		claim := w.kept[id].Claim
		if seen := Open(w.e, id); seen == nil || seen.Entry.State != store.Delivered || !seen.Due.IsZero() || string(seen.Delivery.Body) != id+"\x00body" {
			t.Fatalf("%+v", seen)
		}
		if p := w.give(Order{Action: store.Replay}, id); p.Done != 0 || !strings.Contains(p.Reasons[0].Why, "was delivered at 2025-") || !strings.Contains(p.Reasons[0].Why, "force sends it all the same") || !w.isKept(id) {
			t.Errorf("%+v", p)
		}
		attempts := w.attempts[id]
		if p := w.give(Order{Action: store.Replay, Force: true}, id); p.Done != 1 || !Waits(w.e, claim) || w.isKept(id) {
			t.Fatalf("%+v", p)
		}
		w.check("replayed")
		again := false
		before := w.e.hooks.Try
		w.e.hooks.Try = func(d *store.Delivery, number int) Result {
			again = d.Replayed && number == attempts+1
			return before(d, number)
		}
		w.answers["a"] = Result{Status: 404}
		w.pass(2 * time.Second)
		if !again || w.ended[id] != Dead {
			t.Errorf("%v, %q", again, w.ended[id])
		}
		w.restart()
		w.pass(time.Second)
		if w.released[claim] > 0 || w.claimed[claim] == 0 {
			t.Errorf("the sender may send %s again, which has arrived", id)
		}
		w.check("dead")
		if p := w.give(Order{Action: store.Replay}, id); p.Done != 0 || !strings.Contains(p.Reasons[0].Why, "was delivered") {
			t.Errorf("%+v", p)
		}
		w.answers["a"] = Result{Status: 200}
		w.give(Order{Action: store.Replay, Force: true}, id)
		w.pass(2 * time.Second)
		if !w.isKept(id) || w.released[claim] > 0 {
			t.Error("it does not arrive once more")
		}
		if p := w.give(Order{Action: store.Drop}, id); p.Done != 1 || w.isKept(id) || w.released[claim] > 0 || See(w.e, id) != nil {
			t.Errorf("%+v", p)
		}
		w.check("dropped")
	}
}

// Where it can't be kept, a delivery has arrived all the same, and that is told.
func TestArrivalsThatCannotBeKept(t *testing.T) {
	w := newKeeper(t)
	if err := os.WriteFile(filepath.Join(w.directory, store.Delivered), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.answers["a"] = Result{Status: 503}
	id := w.keep("a", "c", 1)
	w.answers["a"] = Result{Status: 200}
	w.pass(time.Minute)
	w.arrive("")
	w.pass(time.Minute)
	if n := Count(w.e); w.ended[id] != Delivered || n.Unkept != 2 || n.Waiting+n.Delivered != 0 || w.released["c"] > 0 {
		t.Errorf("%q, %+v", w.ended[id], n)
	}
	if told := strings.Join(w.told, "\n"); !strings.Contains(told, "are not kept for store.keepDelivered, and have arrived all the same: ") || !strings.Contains(told, "not a directory") {
		t.Error(told)
	}
	// Nor are there ever more in memory than a few, or one that is large.
	w = newKeeper(t)
	for i := 0; i < 2*maxWriting; i++ {
		KeepArrived(w.e, &store.Delivery{ID: store.NewID(), Received: time.Now(), Method: "POST"})
	}
	if n := Count(w.e); len(w.e.arrived.queue) != maxWriting || n.Unkept != maxWriting {
		t.Errorf("%d, %+v", len(w.e.arrived.queue), n)
	}
	w = newKeeper(t)
	for _, size := range []int{maxQueued + 1, 1} {
		KeepArrived(w.e, &store.Delivery{ID: store.NewID(), Received: time.Now(), Method: "POST", Body: make([]byte, size)})
	}
	if n := Count(w.e); len(w.e.arrived.queue) != 1 || n.Unkept != 1 {
		t.Errorf("%d, %+v", len(w.e.arrived.queue), n)
	}
}

// What is dropped while it waits to be sent once more has arrived all the same; and what an
// operator changes at this moment does not give way.
func TestForcedReplayIsDropped(t *testing.T) {
	w := newKeeper(t)
	id := w.arrive("c")
	w.e.arrived.items[id].busy = true
	w.options.KeepDelivered = 0
	ChangeOptions(w.e, w.options)
	w.pass(time.Second)
	if !w.isKept(id) {
		t.Fatal("it has given way")
	}
	w.e.arrived.items[id].busy = false
	for _, action := range []string{store.Replay, store.Drop} {
		if p := w.give(Order{Action: action, Force: action == store.Replay}, id); p.Done != 1 {
			t.Fatalf("%+v", p)
		}
	}
	if w.released["c"] > 0 || See(w.e, id) != nil {
		t.Error("its sender may send it again")
	}
}

// A file that is damaged is shown as that, and given up for nothing else.
func TestDamagedArrival(t *testing.T) {
	w := newKeeper(t)
	id := w.arrive("")
	files, _ := filepath.Glob(filepath.Join(w.directory, store.Delivered, "?", id+".1.1.*"))
	if len(files) != 1 || os.WriteFile(files[0], make([]byte, w.e.arrived.bytes), 0o600) != nil {
		t.Fatal(files)
	}
	w.restart()
	w.pass(time.Second)
	listed, _ := Look(w.e, &Filter{State: store.Delivered}, "", 10)
	if len(listed) != 1 || listed[0].Problem != store.Undecodable || fmt.Sprint(Pick(w.e, &Filter{State: store.Dead}).IDs) != "[]" {
		t.Errorf("%+v", listed)
	}
	if p := w.give(Order{Action: store.Replay, Force: true}, id); p.Done != 0 || !w.isKept(id) {
		t.Errorf("%+v", p)
	}
}

// However much has arrived, what waits has its turn in between.
func TestArrivalsTakeTurns(t *testing.T) {
	w := newKeeper(t)
	for i := 0; i < 20; i++ {
		KeepArrived(w.e, &store.Delivery{ID: store.NewID(), Received: w.wall(), Method: "POST", RequestURI: "/", URL: "/"})
	}
	w.e.clock = func() int64 {
		w.now += 10
		return w.now
	}
	before := w.now
	if !tendArrivals(w.e) || w.now-before > 100 || len(w.e.arrived.queue) == 0 {
		t.Errorf("after %d ms, %d are left", w.now-before, len(w.e.arrived.queue))
	}
	// Who ends writes all of it first.
	w.e.closed = true
	failures, lastSign := 0, time.Now()
	over := false
	for i := 0; i < 20 && !over; i++ {
		_, over = turn(w.e, &failures, &lastSign)
	}
	if n := Count(w.e); !over || len(w.e.arrived.queue) > 0 || n.Delivered != w.options.MaxDeliveries {
		t.Errorf("%d are left, %+v", len(w.e.arrived.queue), n)
	}
}
