package fetch

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
)

// asked returns how often a list was fetched.
func asked(o *origin) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked
}

func TestOneFetchForAll(t *testing.T) {
	o, url := newOrigin(t)
	serveText(o, four)
	s := testSource(Source{URL: url})
	s.Tell = of(&teller{})
	first := Use(context.Background(), s, time.Now())
	var wg sync.WaitGroup
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go useOnce(t, s, first, &wg)
	}
	wg.Wait()
	await.Until(t, "the document is loaded", func() bool { return has(first, "192.0.2.1") == "inside" })
	if n := asked(o); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	// With other options it is another one, which has at once what is known.
	s.Key += " otherwise"
	other := Use(context.Background(), s, time.Now())
	if other == first || has(other, "192.0.2.1") != "inside" || Updated(other).IsZero() {
		t.Error("a change of options is a moment without one")
	}
	await.Until(t, "it is fetched", func() bool { return asked(o) == 2 })
}

func useOnce(t *testing.T, s Source, want *Document, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // a reload
	if Use(ctx, s, time.Now()) != want {
		t.Error("another document of the same source")
	}
}

func TestUnusedDocumentsEnd(t *testing.T) {
	o, url := newOrigin(t)
	serveText(o, four)
	ctx, cancel := context.WithCancel(context.Background())
	now := time.Now()
	d, _ := newDocument(t, Source{URL: url})
	d.ctx = ctx
	documents[d.source.Key] = d
	update(d, now)
	running := func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.running
	}
	end := func(at time.Time) { ended(d, at) }
	end(now.Add(24 * time.Hour))
	if !running() {
		t.Error("ends although the gate is there")
	}
	cancel()
	now = now.Add(24 * time.Hour)
	end(now.Add(linger))
	if !running() {
		t.Error("ends at once with the gate")
	}
	if has(d, "192.0.2.1") != "inside" {
		t.Error("is not there any more")
	}
	end(now.Add(2 * linger))
	end(now.Add(3 * linger))
	if !running() {
		t.Error("ends although somebody has looked")
	}
	end(now.Add(3*linger + time.Second))
	documentsMu.Lock()
	listed := documents[d.source.Key] != nil
	documentsMu.Unlock()
	if running() || listed {
		t.Error("goes on for ever")
	}
	// An old gate that is still there, because no new configuration could be built.
	before := asked(o)
	if has(d, "192.0.2.1") != "inside" {
		t.Error("a document that is no longer fetched has been forgotten")
	}
	await.Until(t, "it is fetched again", func() bool { return asked(o) > before && running() })
}

func TestSnapshots(t *testing.T) {
	o, url := newOrigin(t)
	directory := filepath.Join(t.TempDir(), "new", "state")
	source := Source{URL: url + "/snap", StateDirectory: directory}
	d, said := newDocument(t, source)
	serveText(o, four)
	update(d, testTime)
	path := snapshotPath(d.source)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(err, take(said))
	}
	names, err := os.ReadDir(directory)
	if err != nil || len(names) != 1 {
		t.Errorf("%v: %v", names, err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	// A restart, with the source down, even for days.
	serve(o, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	d, said = newDocument(t, source)
	recallSnapshot(d, testTime.Add(240*time.Hour))
	if got := take(said); has(d, "192.0.2.1") != "inside" || got != "info: the list "+url+"/snap has 4 lines, from a snapshot of 2026-03-01T12:00:00Z" {
		t.Error(got)
	}
	if !Updated(d).Equal(testTime) {
		t.Errorf("a snapshot makes it new: %v", Updated(d))
	}
	update(d, testTime.Add(240*time.Hour))
	if got := take(said); has(d, "192.0.2.1") != "inside" || !strings.Contains(got, "what it had 240h0m0s ago stays in force") {
		t.Error(got)
	}
	// It asks as who knows no version, and judges a new one by the old.
	serveText(o, four)
	update(d, testTime)
	if o.saved != 0 || d.failures != 0 {
		t.Error("a snapshot is confirmed by its own validators")
	}
	serveText(o, "192.0.2.1\n")
	update(d, testTime)
	if d.failures != 1 || has(d, "192.0.2.5") != "inside" {
		t.Error("the snapshot is nothing to compare with")
	}

	for name, damage := range map[string]struct {
		content string
		mode    os.FileMode
		says    string
	}{
		"empty":       {"", 0o600, "is damaged"},
		"no head":     {four, 0o600, "is damaged"},
		"tampered":    {strings.Replace(string(good), "192.0.2.5", "192.0.2.6", 1), 0o600, "is damaged"},
		"cut off":     {string(good[:len(good)-3]), 0o600, "is damaged"},
		"no time":     {strings.Replace(string(good), "2026-03-01T", "yesterday", 1), 0o600, "is damaged"},
		"not ours":    {string(good), 0o602, "may be written by everybody"},
		"a directory": {"", os.ModeDir, "is not a regular file"},
	} {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		if damage.mode == os.ModeDir {
			err = os.Mkdir(path, 0o700)
		} else {
			err = os.WriteFile(path, []byte(damage.content), 0o600)
			if err == nil {
				err = os.Chmod(path, damage.mode)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		d, said = newDocument(t, source)
		recallSnapshot(d, testTime)
		if got := take(said); has(d, "192.0.2.1") != "unknown" || !strings.Contains(got, damage.says) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A snapshot that can't be written costs nothing but itself, and is written when
// it can be.
func TestSnapshotsThatFail(t *testing.T) {
	o, url := newOrigin(t)
	blocked := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d, said := newDocument(t, Source{URL: url, StateDirectory: blocked})
	serveText(o, four)
	update(d, testTime)
	if got := take(said); has(d, "192.0.2.1") != "inside" || !strings.Contains(got, "error: the list "+url+" has no snapshot: ") {
		t.Error(got)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	update(d, testTime)
	if _, err := os.Stat(snapshotPath(d.source)); err != nil {
		t.Error(err)
	}
	update(d, testTime)
	if got := take(said); got != "" || o.saved != 1 {
		t.Errorf("%q, %d", got, o.saved)
	}
}

func TestForbiddenAddresses(t *testing.T) {
	for _, address := range []string{
		"169.254.169.254:80", "169.254.0.1:443", "[fe80::1%lo]:80", "[fe80::1]:80", "0.0.0.0:80", "[::]:80", "[::ffff:169.254.169.254]:80",
		"100.100.100.200:80", "192.0.0.192:80", "168.63.129.16:80", "[fd00:ec2::254]:80", "[64:ff9b::a9fe:a9fe]:80", "[2002:a9fe:a9fe::]:80",
		"[fd00:ec2::23]:80", "[64:ff9b::6464:64c8]:80", "[64:ff9b::a83f:8110]:80", "[64:ff9b:1::a9fe:a9fe]:80", "[::ffff:0:a9fe:a9fe]:80", "[::a9fe:a9fe]:80", "[2002:6464:64c8::1]:80",
		"224.0.0.1:80", "255.255.255.255:80", "[ff02::1]:80",
	} {
		connection, err := dial(context.Background(), "tcp", address)
		if err == nil || connection != nil || !strings.Contains(fmt.Sprint(err), "must not be reached") {
			t.Errorf("%s: %v", address, err)
		}
	}
	// Through a whole fetch.
	d, said := newDocument(t, Source{URL: "http://169.254.169.254/latest/meta-data/"})
	update(d, testTime)
	if got := take(said); !strings.Contains(got, "169.254.169.254 is an address that must not be reached") {
		t.Error(got)
	}
}

// A gate that is built from what is at hand wakes a document as Use does, and one that
// is of yesterday does not end it.
func TestKeep(t *testing.T) {
	o, url := newOrigin(t)
	serveText(o, four)
	d, _ := newDocument(t, Source{URL: url})
	old, end := context.WithCancel(context.Background())
	end()
	live, stop := context.WithCancel(context.Background())
	defer stop()
	Keep(live, d)
	Keep(old, d)
	if d.ctx != live {
		t.Error("a context that has ended takes the place of one that has not")
	}
	d.running = false
	Keep(live, d)
	await.Until(t, "the document is fetched", func() bool { return asked(o) == 1 && valueOf(d) != nil })
	documentsMu.Lock()
	defer documentsMu.Unlock()
	if documents[d.source.Key] != d {
		t.Error("is not found by the next gate")
	}
}

// Of several documents of one content, the one that is loaded is taken over, in
// whatever order they are found.
func TestInherit(t *testing.T) {
	for i := 0; i < 20; i++ {
		loaded, _ := newDocument(t, Source{File: "/one", Refresh: time.Hour})
		empty, _ := newDocument(t, Source{File: "/one", Refresh: 2 * time.Hour})
		other, _ := newDocument(t, Source{File: "/other", Refresh: time.Hour})
		loaded.value = "one"
		other.value = "other"
		documentsMu.Lock()
		saved := documents
		documents = map[string]*Document{"a": loaded, "b": empty, "c": other}
		fresh, _ := newDocument(t, Source{File: "/one", Refresh: 3 * time.Hour})
		inherit(fresh)
		documents = saved
		documentsMu.Unlock()
		if fresh.value != "one" {
			t.Fatalf("%q", fresh.value)
		}
	}
}
