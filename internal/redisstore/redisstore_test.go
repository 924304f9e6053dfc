package redisstore

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/fakeredis"
	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/store"
)

// What the scripts do is for dev/redisstore, which has the real server.

func answered(_ string) int { return fakeredis.Answered }

func newClient(t *testing.T, texts func(kind string, args []string) []string) (*Client, *fakeredis.Server, *[]string) {
	t.Helper()
	server, stop, err := fakeredis.Start(answered)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	fakeredis.SetTexts(server, texts)
	var mu sync.Mutex
	said := &[]string{}
	patience := 20 * time.Second
	c := New(resp.Options{Endpoints: []string{server.Address}, DialTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, PoolSize: 2}, Options{
		Middleware: "m", MaxBytes: 1000, MaxDeliveries: 10, Window: time.Hour,
		Tell: func(level, message string) {
			mu.Lock()
			*said = append(*said, level+" "+message)
			mu.Unlock()
		},
	})
	return c, server, said
}

// Only an answer that a script of ours gives is taken for a yes, whatever else comes.
func TestAnswers(t *testing.T) {
	answer := []string{}
	c, _, _ := newClient(t, func(_ string, _ []string) []string { return answer })
	s := Open(c, nil)
	d := &store.Delivery{ID: store.NewID(), Received: time.Now(), Method: "POST", Claim: "claim", Body: []byte("body")}
	e := &store.Entry{State: store.Waiting, ID: d.ID}
	for _, one := range []struct {
		answer             string
		put, changed, gone bool
	}{
		{"stored", true, false, false}, {"ok", false, true, false}, {"gone", false, false, true}, {"", false, false, false},
		{"there", false, false, false}, {"full maxBytes 3 1", false, false, false}, {"stored stored", false, false, false}, {"0", false, false, false}, {"nil", false, false, false}, {"lost", false, false, false},
	} {
		answer = strings.Fields(one.answer)
		err := store.Put(s, d, &store.Entry{})
		if (err == nil) != one.put || (err == store.ErrThere) != (one.answer == "there") {
			t.Errorf("%q: put says %v", one.answer, err)
		}
		for _, err := range []error{store.Remove(s, e), store.Move(s, &store.Entry{State: store.Waiting, ID: d.ID}, store.Entry{State: store.Waiting, ID: d.ID})} {
			if (err == nil) != one.changed || os.IsNotExist(err) != one.gone {
				t.Errorf("%q: a change says %v", one.answer, err)
			}
		}
		if _, problem := store.Lease(s, e, time.Minute); problem == "" || (problem == store.Gone) != one.gone {
			t.Errorf("%q: a lease says %q", one.answer, problem)
		}
		if store.Own(s, nil, time.Now()) {
			t.Errorf("%q: it is owned", one.answer)
		}
	}
	answer = []string{"0", "0", "0", "0", "0", "0", "0"}
	if !store.Own(s, nil, time.Now()) {
		t.Error("it is not owned")
	}
	c.options.Window = 0
	answer = []string{"stored"}
	if store.Put(s, d, &store.Entry{}) == nil {
		t.Error("a claim is stored for no time")
	}
}

// Who could not speak to the server judges nobody's silence until it has heard for a Life.
func TestJudgesLate(t *testing.T) {
	silences := []string{}
	c, server, _ := newClient(t, func(kind string, args []string) []string {
		if kind == "own" {
			silences = append(silences, args[1])
		}
		return []string{"0", "0", "0", "0", "0", "0", "0"}
	})
	own(c)
	own(c)
	c.well = c.well.Add(-Life)
	own(c)
	fakeredis.SetTexts(server, func(_ string, _ []string) []string { return []string{"nonsense"} })
	if own(c) {
		t.Error("nonsense is taken for an answer")
	}
	fakeredis.SetTexts(server, func(_ string, args []string) []string {
		if len(args) == 3 {
			silences = append(silences, args[1])
		}
		return []string{"0", "0", "0", "0", "0", "0", "0"}
	})
	own(c)
	if got := strings.Join(silences, ","); got != ",,15000," {
		t.Errorf("%q", got)
	}
}

// An entry that somebody has edited is none.
func TestEntries(t *testing.T) {
	id := store.NewID()
	name := store.NameOf(&store.Entry{State: store.Dead, ID: id, Attempts: 3, Step: 2, When: 7, Reason: "rejected"})
	e := entryOf(name, "9", "0", "5", 100)
	if e == nil || *e != (store.Entry{State: store.Dead, ID: id, Attempts: 3, Step: 2, When: 7, Reason: "rejected", Size: 9, Seen: 5}) {
		t.Errorf("%+v", e)
	}
	if e := entryOf(name, "9", "50", "0", 100); e == nil || e.When != 150 {
		t.Errorf("%+v: it is due while it is leased", e)
	}
	for _, bad := range []string{"", "dead", "dead/", "dead/0/", "../" + name, name + "/x", name + ".x.y", strings.Replace(name, "dead", "done", 1), strings.Replace(name, ".3.", ".03.", 1), strings.ToUpper(name)} {
		if e := entryOf(bad, "9", "0", "0", 0); e != nil {
			t.Errorf("%q is %+v", bad, e)
		}
	}
	if entryOf(name, "x", "0", "0", 0) != nil {
		t.Error("a size that is no number")
	}
}

func TestJudge(t *testing.T) {
	good := map[string]string{"maxmemory": "0", "maxmemory_policy": "noeviction", "aof_enabled": "1", "role": "master", "connected_slaves": "0"}
	for _, c := range []struct {
		name, value, fsync, says string
		refused                  bool
	}{
		{"", "", "always", "", false}, {"", "", "", "", false}, {"", "", "everysec", "appendfsync is everysec", false}, {"", "", "no", "appendfsync is no", false},
		{"aof_enabled", "0", "always", "appendonly is no", false}, {"role", "slave", "always", "it is a replica", false}, {"connected_slaves", "2", "always", "it has 2 replicas", false},
		{"maxmemory_policy", "allkeys-lru", "always", "", false}, // without a bound, nothing is deleted
	} {
		info := fields(strings.Join([]string{"# Server", "x", "a:b:c"}, "\r\n"))
		if info["a"] != "b:c" || len(info) != 1 {
			t.Error(info)
		}
		for name, value := range good {
			info[name] = value
		}
		info[c.name] = c.value
		refused, said := judge(info, c.fsync)
		if (refused != "") != c.refused || !strings.HasPrefix(said, c.says) || (said == "") != (c.says == "") {
			t.Errorf("%+v: %q %q", c, refused, said)
		}
		info["maxmemory"] = "100"
		info["maxmemory_policy"] = "allkeys-lfu"
		refused, _ = judge(info, c.fsync)
		if !strings.Contains(refused, "deletes deliveries") {
			t.Errorf("%+v: it is used", c)
		}
	}
}
