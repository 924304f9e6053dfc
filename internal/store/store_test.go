package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"
)

func sample(id string) *Delivery {
	return &Delivery{
		ID: id, Received: time.Date(2026, 11, 30, 12, 0, 0, 123456789, time.UTC), Middleware: "hooks@file", Router: "r@docker",
		Provider: "github", DeliveryID: "72d3162e", EventType: "push", Claim: "\x00\xff\n\"", Method: "POST",
		RequestURI: "/a%20b?x=1", URL: "/a%20b?x=1", Host: "hooks.example.com", Peer: "192.0.2.1:5", TLS: true, Tokens: []string{"header:X-Token"},
		Headers:  map[string][]string{"X-Two": {"a, b", ""}, "X-Bytes": {"\xfe\xff \t"}, "X-None": {}},
		Trailers: map[string][]string{"X-Sum": {"1"}},
		Body:     []byte("{\"a\":1}\x00\r\n\xff"),
	}
}

func newStore(t testing.TB, keys ...*Key) *Store {
	t.Helper()
	s := New(DirectoryOf(t.TempDir(), "hooks@file"), "hooks@file", keys)
	if err := Create(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func newKey(t testing.TB, fill byte) *Key {
	t.Helper()
	k, err := NewKey(bytes.Repeat([]byte{fill}, KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func list(t *testing.T, s *Store, state string) []string {
	t.Helper()
	ids := []string{}
	if _, err := List(s, state, func(e *Entry) bool { ids = append(ids, e.ID); return true }); err != nil {
		t.Fatal(err)
	}
	sort.Strings(ids)
	return ids
}

// What is stored comes back byte by byte, in clear and encrypted, and nothing of an
// encrypted one stands on the disk in clear.
func TestRoundTrip(t *testing.T) {
	key := newKey(t, 1)
	for name, keys := range map[string][]*Key{"clear": nil, "encrypted": {key}, "rotated": {newKey(t, 2), key}} {
		s := newStore(t, keys...)
		want := sample(NewID())
		e := &Entry{When: 5}
		if err := Put(s, want, e); err != nil {
			t.Fatal(name, err)
		}
		if e.Size > PlannedSize(want) {
			t.Errorf("%s: %d bytes, planned %d", name, e.Size, PlannedSize(want))
		}
		if name == "rotated" {
			SetKeys(s, []*Key{newKey(t, 3), keys[0]})
		}
		got, problem := Load(s, e)
		if problem != "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s\n%+v\n%+v", name, problem, got, want)
		}
		head, problem := Head(s, e)
		if problem != "" || head.Body != nil || head.Claim != want.Claim || !reflect.DeepEqual(head.Headers, want.Headers) {
			t.Errorf("%s: %s %+v", name, problem, head)
		}
		content, err := os.ReadFile(filepath.Join(s.Directory, NameOf(e)))
		if err != nil || bytes.Contains(content, want.Body) != (name == "clear") || bytes.Contains(content, []byte("hooks.example.com")) != (name == "clear") {
			t.Errorf("%s: %v %.300q", name, err, content)
		}
		info, err := os.Stat(filepath.Join(s.Directory, NameOf(e)))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info, err)
		}
		if info, err = os.Stat(s.Directory); err != nil || info.Mode().Perm() != 0o700 {
			t.Error(info, err)
		}
	}
}

// Each bit of a file counts: whichever is flipped, the file is refused, and never gives
// another delivery. The same holds for a file that was cut off, or has more behind it.
func TestDamage(t *testing.T) {
	for _, keys := range [][]*Key{nil, {newKey(t, 1)}} {
		s := newStore(t, keys...)
		d := sample(NewID())
		d.Headers = map[string][]string{"A": {"b"}}
		e := &Entry{}
		if err := Put(s, d, e); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(s.Directory, NameOf(e))
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string, content []byte) {
			t.Helper()
			if got, problem := decode(content, keys); problem == "" {
				t.Errorf("%s: gives %+v", what, got)
			}
		}
		for i := range good {
			for bit := 0; bit < 8; bit++ {
				bad := append([]byte{}, good...)
				bad[i] ^= 1 << bit
				check(fmt.Sprint("bit ", bit, " of byte ", i), bad)
			}
			check(fmt.Sprint("cut off at ", i), good[:i])
		}
		check("one more", append(append([]byte{}, good...), 0))
		if err := os.WriteFile(path, good[:len(good)-1], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, problem := Load(s, e); problem != Undecodable {
			t.Error(problem)
		}
		e.Size-- // as it is listed
		if _, problem := Head(s, e); problem != Undecodable {
			t.Error("a head of a file that is too short:", problem)
		}
	}
}

func TestProblems(t *testing.T) {
	key := newKey(t, 1)
	s := newStore(t, key)
	d := sample(NewID())
	e := &Entry{}
	if err := Put(s, d, e); err != nil {
		t.Fatal(err)
	}
	SetKeys(s, []*Key{newKey(t, 2)})
	if _, problem := Load(s, e); problem != Unencryptable {
		t.Error(problem)
	}
	SetKeys(s, nil)
	if _, problem := Head(s, e); problem != Unencryptable {
		t.Error(problem)
	}
	SetKeys(s, []*Key{key})
	// A file that stands at another one's place.
	other := sample(NewID())
	f := &Entry{}
	if err := Put(s, other, f); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(s.Directory, NameOf(f)), filepath.Join(s.Directory, NameOf(e))); err != nil {
		t.Fatal(err)
	}
	if _, problem := Load(s, e); problem != Undecodable {
		t.Error(problem)
	}
	if _, problem := Load(s, f); problem != Gone {
		t.Error(problem)
	}
	for text, want := range map[string]string{
		"hookward-delivery 2 anything at all\n": Newer, "hookward-delivery 02 x\n": Undecodable, "hookward-delivery 0 x\n": Undecodable,
		"hookward-delivery -1 x\n": Undecodable, "hookward-delivery\n": Undecodable, "": Undecodable, "something else 1\n": Undecodable,
		"hookward-delivery 1 plain - " + d.ID + " -1 0\n": Undecodable, "hookward-delivery 1 plain - " + d.ID + " 99999999999999999999 0\n": Undecodable,
		"hookward-delivery 1 rot13 - " + d.ID + " 1 0\n": Undecodable, "hookward-delivery 1 plain - ../../etc/passwd 1 0\n": Undecodable,
	} {
		if _, problem := decode([]byte(text), nil); problem != want {
			t.Errorf("%q: %q, want %q", text, problem, want)
		}
	}
	if _, err := NewKey(make([]byte, 16)); err == nil {
		t.Error("a key of 16 bytes is taken")
	}
}

// A head that was edited by hand brings in nothing that no server would have let in.
func TestEditedHead(t *testing.T) {
	good := string(encodeHead(sample(NewID())))
	if decodeHead([]byte(good)) == nil {
		t.Fatal("the head that it was made of is refused")
	}
	for what, bad := range map[string]string{
		"a line break in a value": strings.Replace(good, `"a, b"`, `"a\r\nX-Evil: 1"`, 1),
		"a NUL in a value":        strings.Replace(good, `"a, b"`, `"a\x00"`, 1),
		"a colon in a name":       strings.Replace(good, `"X-Two"`, `"X-Two:"`, 1),
		"a blank in a name":       strings.Replace(good, `"X-Two"`, `"X Two"`, 1),
		"no name":                 strings.Replace(good, `"X-Two"`, `""`, 1),
		"a header twice":          good + "header \"X-Two\" \"c\"\n",
		"a line twice":            good + "host \"other\"\n",
		"an unknown line":         good + "more \"x\"\n",
		"no host":                 strings.Replace(good, "host \"hooks.example.com\"\n", "", 1),
		"a host too many":         strings.Replace(good, `"hooks.example.com"`, `"hooks.example.com" "b"`, 1),
		"a line break in a URI":   strings.Replace(good, `uri "/a`, `uri "/\n`, 1),
		"a line break in a URL":   strings.Replace(good, `url "`, `url "\n`, 1),
		"a line break in a host":  strings.Replace(good, `host "`, `host "\n`, 1),
		"a line break in a peer":  strings.Replace(good, `peer "`, `peer "\n`, 1),
		"a method of two words":   strings.Replace(good, `"POST"`, `"POST / HTTP/1.1"`, 1),
		"no time":                 strings.Replace(good, "2026-11-30", "yesterday", 1),
		"neither true nor false":  strings.Replace(good, `tls "true"`, `tls "1"`, 1),
		"half a quote":            strings.Replace(good, `"POST"`, `"POST`, 1),
		"no quotes":               strings.Replace(good, `"POST"`, `POST`, 1),
		"back quotes":             strings.Replace(good, `"POST"`, "`POST`", 1),
		"a blank at the end":      strings.Replace(good, `"POST"`, `"POST" `, 1),
		"no end of the last line": good[:len(good)-1],
		"nothing":                 "",
	} {
		if bad == good {
			t.Errorf("%s: nothing is edited", what)
		}
		if d := decodeHead([]byte(bad)); d != nil {
			t.Errorf("%s: %+v", what, d)
		}
	}
}

func TestNames(t *testing.T) {
	id := NewID()
	shard := id[len(id)-1:]
	for name, want := range map[string]bool{
		id + ".0.0.0": true, id + ".7.3.1764500000000": true, id + ".07.3.1": false, id + ".7.3": false, id + ".7.3.1.dead": false,
		id + ".-1.3.1": false, "../" + id + ".7.3.1": false, id + ".7.3.1 ": false, strings.ToUpper(id) + ".1.1.1": strings.ToUpper(id) == id,
		id + ".7.3d.1": true, id + ".7.d.1": false, id + ".7.3dd.1": false, id + ".7.03d.1": false, id + ".7.3D.1": false,
		id[1:] + ".1.1.1": false, "": false, ".": false, id + ".1.1.1.tmp~": false,
	} {
		if e := entryOf(Waiting, shard, name); (e != nil) != want {
			t.Errorf("%q: %+v", name, e)
		}
	}
	if entryOf(Waiting, "x", id+".1.1.1") != nil || entryOf(Dead, shard, id+".1.1.1") != nil || entryOf(Dead, shard, id+".1.1.1.too_old") == nil {
		t.Error("the place does not count")
	}
	before := ""
	for i := 0; i < 1000; i++ {
		id := NewID()
		if !FitsID(id) || id <= before {
			t.Fatalf("%s comes after %s", id, before)
		}
		before = id
	}
	for _, evil := range []string{"../../etc/passwd", "", "x", id + "/..", strings.Repeat("0", 37), id + "\n"} {
		if FitsID(evil) || Find(newStore(t), evil) != nil {
			t.Errorf("%q is an id", evil)
		}
	}
}

// One delivery through its states: it is in exactly one, and a move that fails leaves it
// where it was.
func TestStates(t *testing.T) {
	s := newStore(t)
	d := sample(NewID())
	e := &Entry{When: 1, Attempts: 1}
	if err := Put(s, d, e); err != nil {
		t.Fatal(err)
	}
	if err := Move(s, e, Entry{State: Dead, ID: d.ID, Reason: "../x"}); err == nil || e.State != Waiting {
		t.Error("a reason may be anything")
	}
	if err := Move(s, e, Entry{State: Waiting, ID: NewID()}); err == nil {
		t.Error("a delivery becomes another one")
	}
	for _, to := range []Entry{
		{State: Waiting, ID: d.ID, Attempts: 2, Step: 1, When: 99},
		{State: Dead, ID: d.ID, Attempts: 3, Step: 1, When: 100, Reason: "attempts_exhausted"},
		{State: Waiting, ID: d.ID, Attempts: 3, When: 101, Reason: "left over"},
	} {
		if err := Move(s, e, to); err != nil {
			t.Fatal(err)
		}
		other := map[string]string{Waiting: Dead, Dead: Waiting}[to.State]
		found := Find(s, d.ID)
		if len(list(t, s, to.State)) != 1 || len(list(t, s, other)) != 0 || found == nil || *found != *e || e.When != to.When {
			t.Errorf("%+v: %v %v, %+v", to, list(t, s, Waiting), list(t, s, Dead), found)
		}
		if got, problem := Load(s, e); problem != "" || !reflect.DeepEqual(got, d) {
			t.Error(problem, got)
		}
	}
	if err := Remove(s, e); err != nil || Find(s, d.ID) != nil || Move(s, e, Entry{State: Dead, ID: d.ID, Reason: "x"}) == nil {
		t.Error("it is not removed", err)
	}
}

// A disk that is full, or fails, has nothing half of it: neither a file aside nor one in
// its place.
func TestFailingDisk(t *testing.T) {
	s := newStore(t)
	whole := writeSynced
	defer func() { writeSynced = whole }()
	writeSynced = func(path string, content []byte) error {
		_ = whole(path, content[:len(content)/2])
		return errors.New("no space left on device")
	}
	e := &Entry{}
	if err := Put(s, sample(NewID()), e); err == nil {
		t.Error("it is stored")
	}
	left, err := os.ReadDir(filepath.Join(s.Directory, temporary))
	if err != nil || len(left) != 0 || len(list(t, s, Waiting)) != 0 {
		t.Error(left, err)
	}
	writeSynced = whole
	if err := os.WriteFile(filepath.Join(s.Directory, temporary, "half"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	Clean(s)
	if left, _ = os.ReadDir(filepath.Join(s.Directory, temporary)); len(left) != 0 {
		t.Error(left)
	}
	if err := os.Chmod(s.Directory, 0o707); err != nil {
		t.Fatal(err)
	}
	if Create(s) == nil {
		t.Error("everybody may write there")
	}
}

// Many deliveries are listed once each, and what is not ours is counted and left alone.
func TestList(t *testing.T) {
	s := newStore(t)
	want := []string{}
	for i := 0; i < 700; i++ {
		id := NewID()
		want = append(want, id)
		e := &Entry{State: Waiting, ID: id}
		if err := os.WriteFile(filepath.Join(s.Directory, NameOf(e)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(s.Directory, Waiting, "0", "README"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sort.Strings(want)
	if got := list(t, s, Waiting); !reflect.DeepEqual(got, want) {
		t.Errorf("%d of %d", len(got), len(want))
	}
	n := 0
	if _, err := List(s, Waiting, func(_ *Entry) bool { n++; return n < 10 }); n != 10 || err != nil {
		t.Error(n, err)
	}
	if foreign, err := List(s, Waiting, func(_ *Entry) bool { return true }); foreign != 1 || err != nil {
		t.Error(foreign, err)
	}
	if MiddlewareOf(s.Directory) != "hooks@file" || len(Directories(filepath.Dir(s.Directory))) != 1 || MiddlewareOf(t.TempDir()) != "" {
		t.Error("the store is not found")
	}
}

func TestAttempts(t *testing.T) {
	s := newStore(t)
	id := NewID()
	want := []Attempt{}
	for i := 1; i < 4; i++ {
		a := Attempt{ID: id, Number: i, Time: time.UnixMilli(int64(i)).UTC(), Status: 500 + i, Duration: time.Duration(i) * time.Millisecond, Outcome: "failed"}
		Note(s, &a)
		Note(s, &Attempt{ID: NewID(), Number: 9, Outcome: "delivered"})
		want = append(want, a)
		CloseJournal(s)
	}
	f, err := os.OpenFile(filepath.Join(s.Directory, journalFile), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString("\n0 torn " + id)
	_ = f.Close()
	if got := Attempts(s, id); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

// One at a time owns a store. Who says nothing for a while has lost it.
func TestOwner(t *testing.T) {
	s := newStore(t)
	now := time.Now()
	a := NewOwner()
	b := NewOwner()
	if !Own(s, a, now) || Own(s, b, now) {
		t.Fatal("both have it, or nobody")
	}
	for i := 1; i < 10; i++ {
		now = now.Add(Silence - Heartbeat)
		if !Own(s, a, now) || Own(s, b, now) {
			t.Fatal("who says something has lost it")
		}
	}
	if Own(s, b, now.Add(Silence-1)) || !Own(s, b, now.Add(Silence)) || Own(s, a, now.Add(Silence)) {
		t.Fatal("who says nothing still has it, or both have")
	}
	Disown(s, a) // it is not a's any more
	if Own(s, a, now.Add(Silence)) {
		t.Error("it was taken away by who does not own it")
	}
	Disown(s, b)
	if !Own(s, a, now.Add(Silence)) {
		t.Error("it was given back, and can't be had")
	}
}
