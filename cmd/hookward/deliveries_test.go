package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// kept is a stateDirectory with deliveries of two middlewares, by short names.
type kept struct {
	directory string
	ids       map[string]string
	stores    map[string]*store.Store
}

// keep stores a delivery, which is dead for a reason, if one is given.
func (k *kept) keep(t *testing.T, name, middleware, reason string, received time.Time, d store.Delivery, keys ...*store.Key) {
	t.Helper()
	s := k.stores[middleware]
	if s == nil {
		s = store.New(store.DirectoryOf(k.directory, middleware), middleware, nil)
		if err := store.Create(s); err != nil {
			t.Fatal(err)
		}
		k.stores[middleware] = s
	}
	store.SetKeys(s, keys)
	d.ID = store.NewID()
	d.Received = received
	d.Middleware = middleware
	d.Router = "hooks@file"
	d.Provider = "github"
	d.Method = "POST"
	d.RequestURI = "/in?access_token=hush&a=1"
	d.URL = d.RequestURI
	d.Host = "hooks.example.com"
	e := &store.Entry{Attempts: 4, Step: 4, When: received.Add(time.Hour).UnixMilli()}
	err := store.Put(s, &d, e)
	if err == nil && reason != "" {
		err = store.Move(s, e, store.Entry{State: store.Dead, ID: d.ID, Attempts: 4, Step: 4, When: e.When, Reason: reason})
	}
	if err != nil {
		t.Fatal(err)
	}
	k.ids[name] = d.ID
	store.Note(s, &store.Attempt{ID: d.ID, Number: 4, Time: received, Status: 503, Duration: time.Second, Outcome: "failed"})
	store.CloseJournal(s)
}

const storeSecret = "0123456789abcdef0123456789abcdef"

var received = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// newKept has one that waits, three that are dead, one of which has arrived before, one that
// is encrypted, and one that is damaged.
func newKept(t *testing.T) *kept {
	t.Helper()
	k := &kept{directory: t.TempDir(), ids: map[string]string{}, stores: map[string]*store.Store{}}
	headers := map[string][]string{"Authorization": {"Bearer hush"}, "X-Hub-Signature-256": {"sha256=00"}, "X-Two": {"1", "2"}}
	k.keep(t, "waiting", "hooks@file", "", received, store.Delivery{DeliveryID: "d-1", EventType: "push", Headers: headers, Body: []byte("payload of waiting")})
	k.keep(t, "dead", "hooks@file", "attempts_exhausted", received.Add(time.Minute), store.Delivery{DeliveryID: "d-2", EventType: "push", Headers: headers, Body: []byte("payload of dead\x1b[31m")})
	k.keep(t, "rejected", "hooks@file", "rejected", received.Add(2*time.Minute), store.Delivery{EventType: "ping", Headers: headers, Body: []byte("\x00\xff")})
	k.keep(t, "arrived", "other@docker", "too_old", received.Add(3*time.Minute), store.Delivery{EventType: "push"})
	store.Note(k.stores["other@docker"], &store.Attempt{ID: k.ids["arrived"], Number: 5, Time: received, Status: 200, Outcome: "delivered"})
	store.CloseJournal(k.stores["other@docker"])
	key, err := store.NewKey([]byte(storeSecret))
	if err != nil {
		t.Fatal(err)
	}
	k.keep(t, "encrypted", "sealed@file", "attempts_exhausted", received.Add(4*time.Minute), store.Delivery{EventType: "push", Body: []byte("sealed payload")}, key)
	k.keep(t, "damaged", "broken@file", "undecodable", received, store.Delivery{})
	files, _ := filepath.Glob(filepath.Join(k.stores["broken@file"].Directory, "dead", "?", "*"))
	if len(files) != 1 || os.WriteFile(files[0], []byte("damaged"), 0o600) != nil {
		t.Fatal(files)
	}
	return k
}

// state returns where a delivery is.
func (k *kept) state(name string) string {
	for _, s := range k.stores {
		if e := store.Find(s, k.ids[name]); e != nil {
			return e.State
		}
	}
	return ""
}

// run runs the command. NAME: in an argument is replaced by an id.
func (k *kept) run(arguments ...string) (int, string, string) {
	all := []string{"deliveries"}
	for _, a := range arguments {
		if id, ok := k.ids[strings.TrimSuffix(a, ":")]; ok && strings.HasSuffix(a, ":") {
			a = id
		}
		all = append(all, a)
	}
	return hookward(append(all, "--directory", k.directory)...)
}

func TestDeliveriesOptions(t *testing.T) {
	k := newKept(t)
	t.Setenv("SHORT", "c2hvcnQ=")
	t.Setenv("NONE", "%%%")
	for _, c := range []struct{ arguments, want string }{
		{"", "name an action: list, show, replay, drop, export, adopt"},
		{"remove", "name an action: "},
		{"list --state gone", `--state: must be waiting, dead or delivered, not "gone"`},
		{"list --reason x", "--reason and --preview are for replay, drop and adopt"},
		{"show --preview dead:", "--reason and --preview are for replay, drop and adopt"},
		{"drop --rate 1/s dead:", "--rate and --force are for replay"},
		{"export --force dead:", "--rate and --force are for replay"},
		{"replay dead:", "--reason: is required"},
		{"drop dead:", "--reason: is required"},
		{"replay --reason x", "name the ids, or say with"},
		{"drop --reason x", "name the ids, or say with"},
		{"show", "name the ids, or say with"},
		{"export", "name the ids, or say with"},
		{"list --to x@file", "--to and --router are for adopt"},
		{"drop --router x@file --reason x dead:", "--to and --router are for adopt"},
		{"adopt --reason x --to other@docker", "--middleware and --to: are required"},
		{"adopt --reason x --middleware hooks", "--middleware and --to: are required"},
		{"adopt --middleware hooks --to other@docker", "--reason: is required"},
		{"adopt --reason x --middleware hooks --to other", `--to: ` + k.directory + ` has no store of "other"; start Traefik once`},
		{"adopt --reason x --middleware hooks --to hooks@file", "--to: is whose they are already"},
		{"replay --reason x --state waiting", "only what is dead can be replayed"},
		{"replay --reason x --state delivered", "--state: what was delivered is replayed with --force alone"},
		{"replay --reason x --rate 5 dead:", "--rate: must be"},
		{"list --since yesterday", "--since: must be a time such as"},
		{"list --until -5m", "--until: must be a time such as"},
		{"list --encryption-key " + key, "--encryption-key: must be env:NAME or file:/path"},
		{"list --encryption-key env:SHORT", "--encryption-key: must be 32 bytes in base64"},
		{"list --encryption-key env:NONE", "--encryption-key: must be 32 bytes in base64"},
		{"list --middleware nobody", `--middleware: nothing of "nobody" is stored`},
		{"list --directory " + k.directory + "/missing", "no such file or directory"},
	} {
		arguments := strings.Fields(c.arguments)
		status, stdout, stderr := k.run(arguments...)
		if strings.Contains(c.arguments, "missing") {
			status, stdout, stderr = hookward(append([]string{"deliveries"}, arguments...)...)
		}
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, c.want) || strings.Contains(stderr, key) {
			t.Errorf("%s: %d %s%s", c.arguments, status, stdout, stderr)
		}
	}
	if status, _, stderr := hookward("deliveries", "list"); status != exitUsage || !strings.Contains(stderr, "--directory: is required") {
		t.Error(status, stderr)
	}
	if status, stdout, _ := hookward("deliveries", "list", "--directory", t.TempDir()); status != exitGood || stdout != "none\n" {
		t.Error(status, stdout)
	}
	if status, _, stderr := k.run("drop", "dead:", "--reason", "two\nlines"); status != exitUsage || !strings.Contains(stderr, "must be one line") {
		t.Error(status, stderr)
	}
	for name := range k.ids {
		if k.state(name) == "" {
			t.Errorf("%s is gone", name)
		}
	}
}

// Each filter leaves what it says, in the order of arrival.
func TestDeliveriesFilters(t *testing.T) {
	k := newKept(t)
	t.Setenv("STORE_KEY", base64.StdEncoding.EncodeToString([]byte(storeSecret)))
	for _, c := range []struct {
		arguments string
		status    int
		want      string
		stderr    string
	}{
		{"list --encryption-key env:STORE_KEY", exitGood, "damaged waiting dead rejected arrived encrypted", ""},
		{"list", exitGood, "encrypted damaged waiting dead rejected arrived", ""},
		{"list --state dead --encryption-key env:STORE_KEY", exitBroken, "damaged dead rejected arrived encrypted", ""},
		{"list --state waiting", exitGood, "waiting", ""},
		{"list --state dead --middleware hooks", exitBroken, "dead rejected", ""},
		{"list --middleware other@docker", exitGood, "arrived", ""},
		{"list --middleware hooks@docker --state dead", exitUsage, "", "nothing of"},
		{"list --event push", exitGood, "waiting dead arrived", "2 delivery files can't be read"},
		{"list --event push --state waiting", exitGood, "waiting", ""},
		{"list --middleware hooks --since 2026-11-30T12:01:00Z", exitGood, "dead rejected", ""},
		{"list --middleware hooks --until 2026-11-30T13:01:00+01:00", exitGood, "waiting", ""},
		{"list --middleware hooks --since 2026-11-30T12:01:00Z --until 2026-11-30T12:02:00Z", exitGood, "dead", ""},
		{"list --middleware hooks --until 1000000h", exitGood, "", ""},
		{"list d-2 waiting:", exitGood, "waiting dead", ""},
		{"list encrypted:", exitGood, "encrypted", ""},
		{"list d-3", exitGood, "", "2 delivery files can't be read"},
	} {
		status, stdout, stderr := k.run(append(strings.Fields(c.arguments), "--json")...)
		reports := []keptReport{}
		if c.status != exitUsage && json.Unmarshal([]byte(stdout), &reports) != nil {
			t.Fatalf("%s: %s%s", c.arguments, stdout, stderr)
		}
		got := []string{}
		for _, r := range reports {
			for name, id := range k.ids {
				if id == r.ID {
					got = append(got, name)
				}
			}
		}
		ordered := strings.Join(got, " ")
		same := ordered == c.want || strings.Contains(c.want, "damaged") && len(got) == len(strings.Fields(c.want))
		if status != c.status || !same || !strings.Contains(stderr, c.stderr) || (stderr == "") != (c.stderr == "") {
			t.Errorf("%s: %d %v, want %s\n%s", c.arguments, status, got, c.want, stderr)
		}
	}
	_, stdout, _ := k.run("list", "--middleware", "hooks")
	want := fmt.Sprintf(`RECEIVED              MIDDLEWARE  EVENT  STATE                     ATTEMPTS  LAST  DUE                   BYTES  ID
2026-11-30T12:00:00Z  hooks@file  push   waiting                   4         503   2026-11-30T13:00:00Z  %d    %s
2026-11-30T12:01:00Z  hooks@file  push   dead, attempts_exhausted  4         503   -                     %d    %s
2026-11-30T12:02:00Z  hooks@file  ping   dead, rejected            4         503   -                     %d    %s
1 waiting, 2 dead
`, k.size("waiting"), k.ids["waiting"], k.size("dead"), k.ids["dead"], k.size("rejected"), k.ids["rejected"])
	if stdout != want {
		t.Errorf("%s\nwant\n%s", stdout, want)
	}
}

func (k *kept) size(name string) int64 {
	size := int64(0)
	_, _ = store.List(k.stores["hooks@file"], k.state(name), func(e *store.Entry) bool {
		if e.ID == k.ids[name] {
			size = e.Size
		}
		return true
	})
	return size
}
