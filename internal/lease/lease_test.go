package lease

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/fakeredis"
	"github.com/hookward/hookward/internal/resp"
)

func all(fate int) func(string) int { return func(_ string) int { return fate } }

// only lets one kind of commands have a fate, and answers to the others.
func only(kind string, fate int) func(string) int {
	return func(k string) int {
		if k == kind {
			return fate
		}
		return fakeredis.Answered
	}
}

func startFake(t *testing.T) *fakeredis.Server {
	t.Helper()
	s, stop, err := fakeredis.Start(all(fakeredis.Answered))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s
}

const answerTime = 150 * time.Millisecond

func newTestTable(t *testing.T, s *fakeredis.Server) *Table {
	t.Helper()
	client := resp.NewClient(resp.Options{Endpoints: []string{s.Address}, DialTimeout: answerTime, ReadTimeout: answerTime, WriteTimeout: answerTime, PoolSize: 4},
		func(_, _ string, _ time.Time) {})
	table := New(client, 3*answerTime, func(problem string) { t.Error(problem) })
	t.Cleanup(func() { Close(table) })
	return table
}

func claims(t *testing.T, table *Table, key string, want int) int64 {
	t.Helper()
	found, number, err := Claim(table, key)
	if err != nil || found != want {
		t.Errorf("%d %v, want %d", found, err, want)
	}
	return number
}

func TestClaims(t *testing.T) {
	s := startFake(t)
	a, b := newTestTable(t, s), newTestTable(t, s)
	number := claims(t, a, "k", Granted)
	claims(t, b, "k", InFlight)
	Release(b, "k", 0)
	claims(t, b, "k", InFlight)
	Release(a, "k", number)
	number = claims(t, b, "k", Granted)
	Commit(b, "k", number, time.Hour)
	claims(t, a, "k", Duplicate)
	claims(t, b, "k", Duplicate)
	if v, left := fakeredis.Value(s, "k"); v != "done" || left < 59*time.Minute {
		t.Error(v, left)
	}
	for _, table := range []*Table{a, b} {
		if len(table.flying)+len(table.ending)+len(table.queue) != 0 {
			t.Error("something is left")
		}
	}
}

// An end that the server has not heard of, or not answered to, is told until it has.
func TestEndsAreToldAgain(t *testing.T) {
	for _, fate := range []int{fakeredis.Lost, fakeredis.Unanswered, fakeredis.Late} {
		s := startFake(t)
		a, b := newTestTable(t, s), newTestTable(t, s)
		released, committed := claims(t, a, "released", Granted), claims(t, a, "committed", Granted)
		fakeredis.SetFate(s, all(fate))
		Release(a, "released", released)
		Commit(a, "committed", committed, time.Hour)
		claims(t, a, "committed", Duplicate) // it knows, whatever the server says
		fakeredis.SetFate(s, all(fakeredis.Answered))
		await.Until(t, "both ends are told", func() bool {
			v, _ := fakeredis.Value(s, "committed")
			w, _ := fakeredis.Value(s, "released")
			return v == "done" && w == ""
		})
		number := claims(t, b, "released", Granted)
		fakeredis.DoLate(s) // which must not end what is another's by now
		claims(t, a, "released", InFlight)
		Release(b, "released", number)
		claims(t, b, "committed", Duplicate)
	}
}

// Who has given up what it does not know of gets it at once; others do soon.
func TestUnansweredClaims(t *testing.T) {
	for _, fate := range []int{fakeredis.Unanswered, fakeredis.Late} {
		s := startFake(t)
		a, b := newTestTable(t, s), newTestTable(t, s)
		fakeredis.SetFate(s, all(fate))
		_, number, err := Claim(a, "k")
		if err == nil {
			t.Fatal("an answer")
		}
		Release(a, "k", number)
		fakeredis.SetFate(s, only("release", fakeredis.Lost))
		fakeredis.DoLate(s)
		number = claims(t, a, "k", Granted)
		claims(t, b, "k", InFlight)
		if _, left := fakeredis.Value(s, "k"); left > firstLife+3*answerTime {
			t.Errorf("lives for %v", left)
		}
		fakeredis.SetFate(s, all(fakeredis.Answered))
		Release(a, "k", number)
		claims(t, b, "k", Granted)
	}
}

// A claim that the server has not heard of is offered again, and one that takes its time
// is renewed, until it ends.
func TestClaimsAreRenewed(t *testing.T) {
	s := startFake(t)
	a, b := newTestTable(t, s), newTestTable(t, s)
	fakeredis.SetFate(s, all(fakeredis.Lost))
	_, lost, err := Claim(a, "lost")
	if err == nil {
		t.Fatal("an answer")
	}
	fakeredis.SetFate(s, all(fakeredis.Answered))
	slow := claims(t, a, "slow", Granted)
	if _, left := fakeredis.Value(s, "slow"); left > firstLife+3*answerTime {
		t.Errorf("lives for %v at first", left)
	}
	await.Until(t, "both have their whole life", func() bool {
		_, left := fakeredis.Value(s, "slow")
		_, leftOfLost := fakeredis.Value(s, "lost")
		return left > time.Minute && leftOfLost > time.Minute
	})
	claims(t, b, "lost", InFlight)
	if n := strings.Count(fakeredis.Asked(s), "renew"); n != 2 {
		t.Errorf("%d renewals", n)
	}
	Commit(a, "lost", lost, time.Hour)
	Release(a, "slow", slow)
	claims(t, b, "lost", Duplicate)
	claims(t, b, "slow", Granted)
	await.Until(t, "nothing is left to do", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return !a.ticking
	})
}

// What the server is offered while it ends is ended once more.
func TestOfferedWhileItEnds(t *testing.T) {
	s := startFake(t)
	a, b := newTestTable(t, s), newTestTable(t, s)
	fakeredis.SetFate(s, all(fakeredis.Lost))
	_, number, _ := Claim(a, "k")
	a.mu.Lock()
	h := a.flying["k"]
	a.mu.Unlock()
	Release(a, "k", number)
	fakeredis.SetFate(s, all(fakeredis.Answered))
	if _, err := offer(a, h); err != nil { // as it was about to be
		t.Fatal(err)
	}
	endLate(a, h)
	await.Until(t, "it is ended", func() bool {
		found, _, err := Claim(b, "k")
		return err == nil && found == Granted
	})
}

// Too many ends are told of, and not kept.
func TestEndsAreBounded(t *testing.T) {
	said := 0
	table := New(resp.NewClient(resp.Options{Endpoints: []string{"127.0.0.1:1"}, PoolSize: 1}, func(_, _ string, _ time.Time) {}), 0, func(_ string) { said++ })
	table.ended = true // nobody ticks
	table.queue = make([]*held, maxEnding)
	enqueue(table, &held{key: "k"})
	if said != 1 || len(table.queue) != maxEnding || len(table.ending) != 0 {
		t.Errorf("said %d times, %d wait", said, len(table.queue))
	}
}

// Whoever claims, each delivery is one process's at a time.
func TestOneAtATime(t *testing.T) {
	s := startFake(t)
	turn := 0
	fakeredis.SetFate(s, func(_ string) int { // it has the server's lock
		turn++
		if turn%7 == 0 {
			return fakeredis.Unanswered
		}
		return fakeredis.Answered
	})
	tables := []*Table{newTestTable(t, s), newTestTable(t, s), newTestTable(t, s)}
	var mu sync.Mutex
	var wait sync.WaitGroup
	holder, twice := 0, 0
	for i := range tables {
		wait.Add(1)
		go contend(tables[i], i+1, &holder, &twice, &mu, &wait)
	}
	wait.Wait()
	if twice > 0 {
		t.Errorf("two had it at once, %d times", twice)
	}
}

func contend(table *Table, me int, holder, twice *int, mu *sync.Mutex, wait *sync.WaitGroup) {
	defer wait.Done()
	for i := 0; i < 100; i++ {
		found, number, err := Claim(table, "k")
		if err != nil {
			Release(table, "k", number)
			continue
		}
		if found != Granted {
			continue
		}
		mu.Lock()
		if *holder != 0 {
			*twice++
		}
		*holder = me
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		*holder = 0
		mu.Unlock()
		Release(table, "k", number)
	}
}

// What is held keeps its whole life in the server, be that away at the moment, and is
// then this process's to claim again.
func TestHolds(t *testing.T) {
	for _, fate := range []int{fakeredis.Answered, fakeredis.Lost} {
		s := startFake(t)
		a, b := newTestTable(t, s), newTestTable(t, s)
		number := claims(t, a, "left", Granted)
		fakeredis.SetFate(s, all(fate))
		Hold(a, "left", number)
		fakeredis.SetFate(s, all(fakeredis.Answered))
		await.Until(t, "it has its whole life, and nothing is left to do", func() bool {
			_, left := fakeredis.Value(s, "left")
			a.mu.Lock()
			defer a.mu.Unlock()
			return left > time.Minute && len(a.flying) == 0
		})
		claims(t, b, "left", InFlight)
		Release(a, "left", number) // which is too late
		claims(t, b, "left", InFlight)
		Commit(a, "left", claims(t, a, "left", Granted), time.Hour)
		claims(t, b, "left", Duplicate)
	}
	// Where the server stays away, it is not kept for ever.
	s := startFake(t)
	a := newTestTable(t, s)
	number := claims(t, a, "left", Granted)
	fakeredis.SetFate(s, all(fakeredis.Lost))
	Hold(a, "left", number)
	if due(a, time.Now().Add(Life+time.Second)); len(a.flying) != 0 {
		t.Error("it is kept for ever")
	}
}
