package delivery

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// several are engines of several processes on one store.
type several struct {
	*world
	c       *commons
	engines []*Engine
	names   []string
	serial  int
	arrived map[string]bool
}

func newSeveral(t *testing.T, n int) *several {
	s := &several{world: newWorld(t), arrived: map[string]bool{}}
	s.options.Lease = 21 * time.Second
	s.c = newCommons(func() int64 { return s.wall().UnixMilli() })
	s.engines = make([]*Engine, n)
	s.names = make([]string, n)
	for i := 0; i < n; i++ {
		s.begin(i)
	}
	return s
}

// begin has a new process take one's place.
func (s *several) begin(i int) {
	s.serial++
	s.names[i] = fmt.Sprint("owner ", s.serial)
	s.e.hooks.Tell = func(level, message string) { s.told = append(s.told, level+" "+message) }
	hooks := s.e.hooks
	hooks.Try = func(d *store.Delivery, number int) Result {
		if s.arrived[d.ID] {
			s.t.Errorf("%s has arrived, and is tried", d.ID)
		}
		r := s.try(d, number)
		s.arrived[d.ID] = r.Status == 200
		return r
	}
	e := New(s.c.open(s.names[i]), s.options, hooks)
	e.clock = func() int64 { return s.now }
	e.wall = s.wall
	e.workers = maxConcurrency // the test does their work
	s.engines[i] = e
	if err := count(e); err != nil {
		s.t.Fatal(err)
	}
	s.turn(i)
}

// turn has an engine do what it does each second, and nothing of the work.
func (s *several) turn(i int) {
	e := s.engines[i]
	if !store.Own(e.store, e.owner, s.wall()) {
		return
	}
	if !e.loaded {
		load(e, s.wall())
	}
	e.ownedAt++
	keepUp(e)
}

// all lets time pass for all.
func (s *several) all(d time.Duration) {
	for end := s.now + d.Milliseconds(); s.now < end; s.now += 1000 {
		for i, e := range s.engines {
			s.turn(i)
			if s.c.away {
				continue
			}
			s.e = e
			now := s.now
			s.pass(time.Millisecond)
			s.now = now
		}
	}
}

// keeps stores a delivery, be it that nobody knows so.
func (s *several) keeps(i int, router, claim string) (string, bool) {
	s.e = s.engines[i]
	d := &store.Delivery{ID: store.NewID(), Received: s.wall(), Middleware: "m", Router: router, Claim: claim, Method: "POST", RequestURI: "/", URL: "/", Host: "h", Tokens: []string{}, Headers: map[string][]string{}, Body: []byte("body")}
	s.kept[d.ID] = d
	s.attempts[d.ID] = 1
	k, problem := Keep(s.e, d, 1, 1, 0)
	if problem != "" {
		return d.ID, false
	}
	Begin(k)
	return d.ID, true
}

func (s *several) operator(id, action string) {
	o := s.c.open("operator")
	e := store.Find(o, id)
	s.t.Helper()
	if store.NoteAction(o, &store.Action{ID: id, Action: action, Actor: "somebody", Reason: "x"}) != nil {
		s.t.Fatal("not noted")
	}
	var err error
	if action == store.Drop {
		err = store.Discard(o, e)
	} else {
		err = store.Move(o, e, store.Entry{State: store.Waiting, ID: id, Attempts: e.Attempts, When: s.wall().UnixMilli()})
		delete(s.ended, id)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	store.Disown(o, nil)
}

func (s *several) said(text string) bool { return strings.Contains(strings.Join(s.told, "\n"), text) }

// What one process leaves is another's after a while, with its attempts, and what is being
// tried is not tried by another one.
func TestSharedTakeover(t *testing.T) {
	s := newSeveral(t, 2)
	s.served["a"] = false
	id, _ := s.keeps(0, "a", "claim")
	s.all(3 * time.Second)
	if s.engines[0].waiting[id] == nil || s.engines[1].waiting[id] != nil {
		t.Fatal("it is not the first one's alone")
	}
	if _, problem := store.Lease(s.engines[0].store, s.c.find(id), time.Minute); problem != "" {
		t.Fatal(problem)
	}
	s.c.silence(s.names[0])
	s.begin(0)
	s.served["a"] = true
	s.answers["a"] = Result{Status: 200}
	s.all(30 * time.Second)
	if s.attempts[id] != 1 {
		t.Error("two have tried it")
	}
	s.all(2 * time.Minute)
	if s.ended[id] != Delivered || s.attempts[id] != 2 || len(s.c.things) > 0 || s.c.claims["claim"] != "done" || s.claimed["claim"] != 1 {
		t.Errorf("%q, %d attempts, %v", s.ended[id], s.attempts[id], s.c.claims)
	}
}

// A write whose answer is lost is found, and tried once; its sender was told that it is not
// stored, and a repeat that it is.
func TestSharedLostAnswer(t *testing.T) {
	s := newSeveral(t, 2)
	s.answers["a"] = Result{Status: 200}
	s.c.loses = 1
	id, kept := s.keeps(0, "a", "claim")
	if kept || s.c.claims["claim"] != "stored" {
		t.Fatal("the answer is not lost")
	}
	again, kept := s.keeps(1, "a", "claim")
	if !kept || s.c.things[again] != nil {
		t.Error("there are two of one claim")
	}
	s.all(time.Minute)
	if s.ended[id] != Delivered || s.ended[again] != "" || len(s.c.things) > 0 {
		t.Errorf("%q %q", s.ended[id], s.ended[again])
	}
	for i, e := range s.engines {
		if n := Count(e); n.Waiting != 0 || n.Bytes != 0 || e.count != 0 {
			t.Errorf("%d: %+v", i, n)
		}
	}
}

// What an operator does is followed by whoever has the delivery, and recorded once.
func TestSharedOperator(t *testing.T) {
	s := newSeveral(t, 2)
	s.answers["a"] = Result{Status: 404}
	replayed, _ := s.keeps(0, "a", "one")
	dropped, _ := s.keeps(0, "a", "two")
	s.all(5 * time.Second)
	if s.ended[replayed] != Dead || len(s.engines[0].dead) != 2 {
		t.Fatal("they do not die")
	}
	s.answers["a"] = Result{Status: 200}
	s.operator(replayed, store.Replay)
	s.operator(dropped, store.Drop)
	s.all(30 * time.Second)
	if s.ended[replayed] != Delivered || s.ended[dropped] != Dead || s.said("redis has lost") {
		t.Errorf("%q %q %v", s.ended[replayed], s.ended[dropped], s.told)
	}
	told := map[string]int64{}
	for _, e := range s.engines {
		n := Count(e)
		if n.Waiting+n.Dead != 0 {
			t.Errorf("%+v", n)
		}
		for _, to := range []string{Replayed, Dropped, Lost} {
			told[to] += n.Changes[to]
		}
	}
	if told[Replayed] != 1 || told[Dropped] != 1 || told[Lost] != 0 {
		t.Error(told)
	}
}

// A replay alone changes no number, and is followed all the same.
func TestSharedReplay(t *testing.T) {
	s := newSeveral(t, 1)
	s.answers["a"] = Result{Status: 404}
	id, _ := s.keeps(0, "a", "one")
	s.all(5 * time.Second)
	s.answers["a"] = Result{Status: 200}
	s.operator(id, store.Replay)
	s.c.silence("nobody") // the operator is not gone yet, so its actions are told by nobody
	delete(s.c.gone, "operator")
	s.all(5 * time.Second)
	if s.ended[id] != Delivered {
		t.Errorf("%q", s.ended[id])
	}
}

// Who has lost a delivery while it was tried does not bury it: it is another one's, and waits.
func TestSharedLateDeath(t *testing.T) {
	s := newSeveral(t, 1)
	s.answers["a"] = Result{Status: 404}
	id, _ := s.keeps(0, "a", "claim")
	e := s.engines[0]
	try := e.hooks.Try
	e.hooks.Try = func(d *store.Delivery, number int) Result {
		r := try(d, number)
		s.c.things[id].owner = "another"
		return r
	}
	s.all(30 * time.Second)
	if n := Count(e); s.ended[id] != "" || n.Dead != 0 || n.Waiting != 0 || n.Changes[Lost] != 0 || s.c.claims["claim"] != "stored" || s.attempts[id] != 2 {
		t.Errorf("%q %+v %v", s.ended[id], n, s.c.claims)
	}
}

// What was taken over is as old as its owner before has seen it.
func TestSharedAge(t *testing.T) {
	s := newSeveral(t, 1)
	s.options.Schedule.MaxAge = time.Hour
	s.served["a"] = false
	id, _ := s.keeps(0, "a", "")
	s.c.things[id].entry.Seen = s.wall().UnixMilli()
	s.c.silence(s.names[0])
	s.now += 3 * time.Hour.Milliseconds()
	s.begin(0)
	if it := s.engines[0].waiting[id]; it == nil || s.now-it.born > time.Minute.Milliseconds() {
		t.Errorf("%+v: nobody was there meanwhile", it)
	}
}

// A repeat that arrives through one process ends the dead delivery of another one.
func TestSharedSupersede(t *testing.T) {
	s := newSeveral(t, 2)
	s.answers["a"] = Result{Status: 404}
	id, _ := s.keeps(0, "a", "claim")
	s.all(5 * time.Second)
	if s.engines[1].Alert == 0 || s.c.claims["claim"] != "" {
		t.Fatal("the other one does not know that there are dead ones")
	}
	Arrived(s.engines[1], "a", "another")
	Arrived(s.engines[1], "a", "claim")
	s.all(20 * time.Second)
	if s.ended[id] != Superseded || len(s.c.things) > 0 || s.engines[0].Alert+s.engines[1].Alert != 0 || s.said("redis has lost") {
		t.Errorf("%q %v %v", s.ended[id], s.c.things, s.told)
	}
}

// What the store has lost is said and counted, and what is another one's is not.
func TestSharedLoss(t *testing.T) {
	s := newSeveral(t, 1)
	s.served["a"] = false
	lost, _ := s.keeps(0, "a", "lost")
	taken, _ := s.keeps(0, "a", "taken")
	s.all(2 * time.Second)
	delete(s.c.things, lost)
	s.c.things[taken].owner = "another"
	s.all(30 * time.Second)
	n := Count(s.engines[0])
	if n.Waiting != 0 || n.Changes[Lost] != 1 || !s.said("1 deliveries are not in the store any more") || s.engines[0].count != 0 || n.Bytes != 0 {
		t.Errorf("%+v %v", n, s.told)
	}
}

// A delivery of which the store has lost the bytes alone does not wait for ever: it is dead, be
// it known from before or not, and its sender may send it again.
func TestSharedLostBytes(t *testing.T) {
	s := newSeveral(t, 1)
	s.served["a"] = false
	known, _ := s.keeps(0, "a", "known")
	s.c.things[known].content = nil
	s.served["a"] = true
	s.all(30 * time.Second)
	s.served["a"] = false
	other, _ := s.keeps(0, "a", "other")
	s.c.things[other].content = nil
	s.c.silence(s.names[0])
	s.begin(0)
	s.all(30 * time.Second)
	n := Count(s.engines[0])
	if n.Waiting != 0 || n.Dead != 2 || s.ended[known] != Dead || s.ended[other] != Dead || len(s.c.claims) > 0 || s.c.things[other].entry.Reason != store.Undecodable {
		t.Errorf("%+v %q %v %v", n, s.ended, s.c.claims, s.told)
	}
}

// While the store is away nothing is tried, and all goes on when it is back.
func TestSharedAway(t *testing.T) {
	s := newSeveral(t, 2)
	s.answers["a"] = Result{Status: 503}
	id, _ := s.keeps(0, "a", "claim")
	s.c.away = true
	if _, kept := s.keeps(1, "a", "other"); kept {
		t.Error("it is stored nowhere")
	}
	before := s.attempts[id]
	s.all(20 * time.Second)
	if s.attempts[id] != before {
		t.Error("it is tried")
	}
	s.c.away = false
	s.answers["a"] = Result{Status: 200}
	s.all(time.Minute)
	if s.ended[id] != Delivered {
		t.Errorf("%q", s.ended[id])
	}
}

// TestSharedModel has anything happen in any order: whatever was acknowledged has one end,
// and nothing is tried that has one.
func TestSharedModel(t *testing.T) {
	for seed := int64(1); seed <= 12 && !t.Failed(); seed++ {
		random := rand.New(rand.NewSource(seed))
		s := newSeveral(t, 3)
		s.options.Schedule.Steps = s.options.Schedule.Steps[:2]
		acknowledged := []string{}
		for i := 0; i < 120; i++ {
			one := random.Intn(3)
			router := []string{"a", "b"}[random.Intn(2)]
			switch random.Intn(10) {
			case 0, 1, 2:
				id, kept := s.keeps(one, router, fmt.Sprint("claim ", i))
				if kept {
					acknowledged = append(acknowledged, id)
				}
			case 3:
				s.c.loses = random.Intn(2)
			case 4:
				s.c.away = !s.c.away
			case 5:
				s.c.silence(s.names[one]) // which is killed
				s.begin(one)
			case 6:
				s.answers[router] = []Result{{Status: 200}, {Status: 503}, {Status: 404}, {NotTried: true}}[random.Intn(4)]
			default:
				s.all(time.Duration(random.Intn(20)) * time.Second)
			}
		}
		s.c.away, s.c.loses = false, 0
		s.answers = map[string]Result{"a": {Status: 200}, "b": {Status: 200}}
		s.all(5 * time.Minute)
		for _, id := range acknowledged {
			// Who is killed may not have recorded the end; the store has it.
			one := s.c.things[id]
			if one == nil && !s.arrived[id] || one != nil && (one.entry.State != store.Dead || s.ended[id] == Delivered) {
				t.Errorf("seed %d: %s is %q, after %d attempts; in the store: %v", seed, id, s.ended[id], s.attempts[id], one != nil)
			}
		}
		owned := 0
		for _, e := range s.engines {
			n := Count(e)
			owned += n.Dead
			if n.Waiting != 0 || n.Changes[Lost] != 0 || e.count != n.Dead {
				t.Errorf("seed %d: %+v %d", seed, n, e.count)
			}
		}
		if owned != len(s.c.things) {
			t.Errorf("seed %d: %d are dead, and %d are known", seed, len(s.c.things), owned)
		}
	}
}
