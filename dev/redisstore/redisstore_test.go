// Package redisstore holds internal/redisstore, and the engine of internal/delivery on it,
// against a real redis-server.
package redisstore

import (
	"bytes"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
	"github.com/hookward/hookward/internal/lease"
	"github.com/hookward/hookward/internal/redisstore"
	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/store"
)

// owner is one process's part of a store.
type owner struct {
	*store.Store
	client *redisstore.Client

	mu   sync.Mutex
	said []string
}

func (o *owner) told() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.said, "\n")
}

const window = time.Hour

func open(address string, change func(o *redisstore.Options), keys ...*store.Key) *owner {
	one := &owner{}
	o := redisstore.Options{Middleware: "kept@file", MaxBytes: 64 << 20, MaxDeliveries: 1000, Window: window, Tell: func(level, message string) {
		one.mu.Lock()
		one.said = append(one.said, level+" "+message)
		one.mu.Unlock()
	}}
	if change != nil {
		change(&o)
	}
	one.client = redisstore.New(resp.Options{Endpoints: []string{address}, DialTimeout: testkit.Patience, ReadTimeout: testkit.Patience, WriteTimeout: testkit.Patience, PoolSize: 8}, o)
	one.Store = redisstore.Open(one.client, keys)
	return one
}

func operator(o *redisstore.Options) { o.Operator = true }

func delivery(claim, body string) *store.Delivery {
	return &store.Delivery{ID: store.NewID(), Received: time.Now(), Middleware: "kept@file", Router: "r@file", Claim: claim, Method: "POST", RequestURI: "/in", URL: "/in",
		Headers: map[string][]string{"X-One": {"a", "b\xff"}}, Body: []byte(body)}
}

func (o *owner) put(t *testing.T, d *store.Delivery) *store.Entry {
	t.Helper()
	e := &store.Entry{Attempts: 1, Step: 1, When: time.Now().UnixMilli()}
	if err := store.Put(o.Store, d, e); err != nil {
		t.Fatal(err)
	}
	return e
}

// own has an owner say that it is there.
func (o *owner) own(t *testing.T) {
	t.Helper()
	if !store.Own(o.Store, nil, time.Now()) {
		t.Fatalf("the store is not to be had: %s", o.told())
	}
}

func (o *owner) mine(t *testing.T) []string {
	t.Helper()
	ids := []string{}
	if _, err := o.Store.Medium.List("", true, func(e *store.Entry) bool { ids = append(ids, e.ID); return true }); err != nil {
		t.Fatal(err)
	}
	sort.Strings(ids)
	return ids
}

func dead(e *store.Entry) store.Entry {
	return store.Entry{State: store.Dead, ID: e.ID, Attempts: e.Attempts, Step: e.Step, When: time.Now().UnixMilli(), Reason: "rejected"}
}

func claimOf(t *testing.T, server *stores.RedisServer, claim string) string {
	t.Helper()
	return server.Do(t, "GET", lease.KeyOf(lease.Tag("kept@file"), claim))
}

// What is stored is read as it was, in clear and encrypted, whatever is in it, and in Redis
// there is nothing left of it in the end.
func TestRoundTrip(t *testing.T) {
	server := stores.Redis(t)
	key, err := store.NewKey(bytes.Repeat([]byte("k"), store.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]*store.Key{"clear": nil, "encrypted": {key}} {
		t.Run(name, func(t *testing.T) {
			server.Do(t, "FLUSHALL")
			o := open(server.Address, nil, keys...)
			o.own(t)
			for i, body := range []string{"", "a", "\r\n$1\r\n\x00\xff", strings.Repeat("a secret body ", 300_000)} {
				d := delivery("claim "+strconv.Itoa(i), body)
				d.Headers["X-Long"] = []string{strings.Repeat("x", 20_000)}
				e := o.put(t, d)
				head, problem := store.Head(o.Store, e)
				if problem != "" || !reflect.DeepEqual(head.Headers, d.Headers) || head.Body != nil {
					t.Fatalf("%s %+v", problem, head)
				}
				for _, load := range []func() (*store.Delivery, string){
					func() (*store.Delivery, string) { return store.Load(o.Store, e) },
					func() (*store.Delivery, string) { return store.Lease(o.Store, e, time.Minute) },
				} {
					got, problem := load()
					if problem != "" || string(got.Body) != body || got.Claim != d.Claim || !got.Received.Equal(d.Received) {
						t.Fatal(problem)
					}
				}
				content := "hookward:store:" + lease.Tag("kept@file") + ":b:" + e.ID
				if size := server.Do(t, "STRLEN", content); size != strconv.FormatInt(e.Size, 10) || strings.Contains(server.Do(t, "GET", content), "secret") != (len(keys) == 0 && strings.Contains(body, "secret")) {
					t.Errorf("%q: %s bytes of %d, or not encrypted", name, size, e.Size)
				}
				found := store.Find(o.Store, d.ID)
				if found == nil || *found != *e {
					t.Errorf("%+v, want %+v", found, e)
				}
				if err := store.Move(o.Store, e, dead(e)); err != nil {
					t.Fatal(err)
				}
				states := map[string]int{}
				for _, state := range []string{store.Waiting, store.Dead} {
					foreign, err := store.List(o.Store, state, func(_ *store.Entry) bool { states[state]++; return true })
					if foreign > 0 || err != nil {
						t.Error(foreign, err)
					}
				}
				if !reflect.DeepEqual(states, map[string]int{store.Dead: 1}) {
					t.Error(states)
				}
				if err := store.Remove(o.Store, e); err != nil {
					t.Fatal(err)
				}
				if _, problem := store.Load(o.Store, e); problem != store.Gone || store.Find(o.Store, e.ID) != nil {
					t.Error(problem)
				}
			}
			store.Disown(o.Store, nil)
			left := strings.Fields(server.Do(t, "KEYS", "*"))
			sort.Strings(left)
			tag := "hookward:store:" + lease.Tag("kept@file") + ":"
			if server.Do(t, "GET", tag+"bytes") != "0" || !reflect.DeepEqual(left, []string{tag + "bytes", "hookward:stores"}) {
				t.Error(left)
			}
		})
	}
}

// All keys of a middleware, those of its claims included, are in one slot of a cluster.
func TestOneSlot(t *testing.T) {
	server := stores.Redis(t)
	o := open(server.Address, nil)
	o.own(t)
	e := o.put(t, delivery("claim", "body"))
	o.put(t, delivery("another", "body"))
	store.Note(o.Store, &store.Attempt{ID: e.ID, Number: 1, Time: time.Now(), Outcome: "failed"})
	if err := store.NoteAction(o.Store, &store.Action{ID: e.ID, Action: store.Drop}); err != nil {
		t.Fatal(err)
	}
	if err := store.Move(o.Store, e, dead(e)); err != nil {
		t.Fatal(err)
	}
	keys := strings.Fields(server.Do(t, "KEYS", "*{*"))
	if len(keys) < 11 {
		t.Error(keys)
	}
	for _, key := range keys {
		if !strings.Contains(key, lease.Tag("kept@file")+":") || strings.Count(key, "{") != 1 {
			t.Errorf("%q is in another slot", key)
		}
	}
}

// The limits are of all owners together, and what is refused leaves nothing.
func TestLimits(t *testing.T) {
	server := stores.Redis(t)
	few := func(o *redisstore.Options) { o.MaxDeliveries = 5 }
	a, b := open(server.Address, few), open(server.Address, few)
	for i := range 5 {
		[]*owner{a, b}[i%2].put(t, delivery("", "body"))
	}
	refuses := func(says string) {
		t.Helper()
		before := server.Do(t, "DBSIZE")
		for _, o := range []*owner{a, b} {
			err := store.Put(o.Store, delivery("claim", strings.Repeat("x", 1000)), &store.Entry{})
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%v, want %s", err, says)
			}
		}
		if after := server.Do(t, "DBSIZE"); after != before || claimOf(t, server, "claim") != "" {
			t.Errorf("%s keys, before %s", after, before)
		}
	}
	refuses("store.maxDeliveries")
	for _, o := range []*owner{a, b} {
		redisstore.SetLimits(o.client, 2000, 100, window)
	}
	refuses("store.maxBytes")
	redisstore.SetLimits(a.client, 64<<20, 6, window)
	a.own(t)
	if !strings.Contains(a.told(), "more than 80 % full") {
		t.Error(a.told())
	}
}

// A server without room stores nothing, and says so; what is there goes on.
func TestFullServer(t *testing.T) {
	server := stores.Redis(t, "--maxmemory", "4mb", "--maxmemory-policy", "noeviction")
	o := open(server.Address, nil)
	o.own(t)
	entries := []*store.Entry{}
	for i := range 3 {
		entries = append(entries, o.put(t, delivery(fmt.Sprint(i), "body")))
	}
	server.Do(t, "EVAL", "for i=1,100000 do if not pcall(redis.call,'SET','fill'..i,string.rep('x',1000)) then return i end end", "0")
	before := server.Do(t, "DBSIZE")
	for i := range 2 {
		err := store.Put(o.Store, delivery("refused"+fmt.Sprint(i), strings.Repeat("x", 100_000)), &store.Entry{})
		if err == nil || !strings.Contains(err.Error(), "OOM") {
			t.Errorf("%v: it is stored", err)
		}
	}
	if after := server.Do(t, "DBSIZE"); after != before || claimOf(t, server, "refused0") != "" {
		t.Errorf("%s keys, before %s", after, before)
	}
	o.own(t)
	for _, e := range entries {
		if _, problem := store.Lease(o.Store, e, time.Minute); problem != "" {
			t.Errorf("it is not tried: %s", problem)
		}
	}
	if err := store.Move(o.Store, entries[0], store.Entry{State: store.Waiting, ID: entries[0].ID, Attempts: 2, Step: 2, When: 9}); err != nil {
		t.Error(err)
	}
	if err := store.Move(o.Store, entries[1], dead(entries[1])); err != nil {
		t.Error(err)
	}
	if err := store.Remove(o.Store, entries[2]); err != nil {
		t.Error(err)
	}
	// What an operator does may make room.
	if err := store.NoteAction(o.Store, &store.Action{ID: entries[1].ID, Action: store.Drop}); err != nil {
		t.Error(err)
	}
	server.Do(t, "SCRIPT", "FLUSH")
	o.own(t)
}

// What a server's settings mean for deliveries is said once, and one that would delete them
// is not used.
func TestSettings(t *testing.T) {
	server := stores.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	o := open(server.Address, nil)
	o.own(t)
	if o.told() != "" {
		t.Errorf("of a server that keeps all: %s", o.told())
	}
	for _, c := range []struct {
		settings, says string
		refused        bool
	}{
		{"appendfsync everysec", "warn the store in redis: appendfsync is everysec", false},
		{"appendfsync no", "warn the store in redis: appendfsync is no", false},
		{"appendonly no", "warn the store in redis: appendonly is no", false},
		{"maxmemory 100mb maxmemory-policy volatile-lru", "warn the store in redis: maxmemory-policy is volatile-lru", false},
		{"maxmemory 100mb maxmemory-policy allkeys-lru", "error the store in redis is not used: maxmemory-policy is allkeys-lru", true},
		{"maxmemory-policy allkeys-random", "error the store in redis is not used: maxmemory-policy is allkeys-random", true},
		{"maxmemory 0", "", false}, // and so nothing is deleted
	} {
		words := strings.Fields(c.settings)
		for i := 0; i < len(words); i += 2 {
			server.Do(t, "CONFIG", "SET", words[i], words[i+1])
		}
		o := open(server.Address, nil)
		owned := store.Own(o.Store, nil, time.Now())
		err := store.Put(o.Store, delivery("", "body"), &store.Entry{})
		if owned == c.refused || (err != nil) != c.refused || !strings.Contains(o.told(), c.says) || strings.Count(o.told(), "\n") > 0 {
			t.Errorf("%s: %v %v %q", c.settings, owned, err, o.told())
		}
		words = strings.Fields("appendonly yes appendfsync always")
		for i := 0; i < len(words); i += 2 {
			server.Do(t, "CONFIG", "SET", words[i], words[i+1])
		}
	}
	// Who may not ask is told what to see to.
	server.Do(t, "ACL", "SETUSER", "default", "-info", "-config")
	o = open(server.Address, nil)
	o.own(t)
	if !strings.Contains(o.told(), "can't be read") {
		t.Error(o.told())
	}
}
