package hookward

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/outbox"
)

// specOf returns the first output of a configuration.
func specOf(t *testing.T, output map[string]any, more map[string]any) outputSpec {
	t.Helper()
	raw := githubWith(map[string]any{"audit": map[string]any{"outputs": output}})
	for name, value := range more {
		raw[name] = value
	}
	return mustCompile(t, raw).audit.specs[0]
}

// What waits for an output is not left behind when its keys or its patience
// change, and is not mixed with that of another place.
func TestOutputsOfOnePlace(t *testing.T) {
	base := map[string]any{"type": "http", "url": "https://logs.example.com/in", "headers": []any{"X-Key: the first key"}, "token": "0123456789abcdef0123456789abcdef"}
	with := func(more map[string]any) map[string]any {
		o := map[string]any{}
		for name, value := range base {
			o[name] = value
		}
		for name, value := range more {
			o[name] = value
		}
		return o
	}
	key := specOf(t, base, nil).key
	for i, more := range []map[string]any{{"timeout": "30s"}, {"headers": []any{"X-Key: another key"}}, {"token": "another-token-of-the-same-place"}, {"bufferBytes": "100000"}} {
		if s := specOf(t, with(more), nil); s.key != key || s.digest == specOf(t, base, nil).digest {
			t.Errorf("%d: another place, or no other options", i)
		}
	}
	for i, more := range []map[string]any{{"url": "https://logs.example.com/other"}, {"headers": []any{"X-Other: x"}}} {
		if specOf(t, with(more), nil).key == key {
			t.Errorf("%d: the same place", i)
		}
	}
	tls := map[string]any{"tls": map[string]any{"insecureSkipVerify": "true"}}
	first := specOf(t, with(tls), nil).digest
	if again := specOf(t, with(tls), nil).digest; again != first {
		t.Error("the same options, compiled twice, are others")
	}
	if first == specOf(t, with(map[string]any{"tls": "true"}), nil).digest {
		t.Error("another section tls is the same")
	}
	if specOf(t, base, map[string]any{"stateDirectory": "/a"}).key == specOf(t, base, map[string]any{"stateDirectory": "/b"}).key {
		t.Error("the same place, in two directories")
	}
	file := map[string]any{"type": "file", "path": "/x/a.log"}
	if specOf(t, file, nil).key != specOf(t, map[string]any{"type": "file", "path": "/x//./a.log"}, nil).key {
		t.Error("one file by two names is two")
	}
}

// Of two middlewares that configure one output differently, the first counts as
// long as it is there; a change of its own is taken over.
func TestOneOutputTwoConfigurations(t *testing.T) {
	_, reports := capture(t)
	path := filepath.Join(t.TempDir(), "hooks.log")
	spec := func(keep string) outputSpec {
		return specOf(t, map[string]any{"type": "file", "path": path, "keep": keep}, nil)
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := useOutput(ctx, "first", spec("3"), testTime)
	if useOutput(context.Background(), "second", spec("5"), testTime) != o || o.digest != spec("3").digest || !strings.Contains(reports.String(), `middleware \"first\" has another configuration of it`) {
		t.Errorf("reports %s", reports)
	}
	useOutput(ctx, "first", spec("4"), testTime)
	if o.digest != spec("4").digest || o.next.file.Keep != 4 {
		t.Error("its own change is not taken over")
	}
	cancel()
	o.ctx = ctx
	useOutput(context.Background(), "second", spec("5"), testTime)
	if o.digest != spec("5").digest {
		t.Error("it is bound to one that is gone")
	}
}

// After an outage of its output, a gate that requires records goes on.
func TestRequiredAfterAnOutage(t *testing.T) {
	records, _ := capture(t)
	b := &backend{}
	raw := githubWith(map[string]any{"stateDirectory": t.TempDir(), "audit": map[string]any{"required": "true"}})
	g := newTestGate(t.Name(), raw, compile, testTime)
	through(g, b.handler(), signedPost("well"))
	settleOutputs(t)
	o := &faulty{to: records, full: true}
	redirectRecords(o)
	shutOutputs()
	for i := 0; i < 20; i++ {
		through(g, b.handler(), signedPost("away"))
	}
	g.trail.mu.Lock()
	waiting := len(g.trail.unsafe)
	g.trail.mu.Unlock()
	if waiting != 20 {
		t.Errorf("%d are written down until they are safe", waiting)
	}
	repair(o)
	settleOutputs(t)
	through(g, b.handler(), newPost("refused, and as good as any"))
	g.trail.mu.Lock()
	defer g.trail.mu.Unlock()
	if len(g.trail.unsafe) != 0 {
		t.Errorf("%d are still written down", len(g.trail.unsafe))
	}
}

// What was handed on after one that is safe had its turn, may not be safe.
func TestSafeOnlyBefore(t *testing.T) {
	log, _, problem := ahead.Open(filepath.Join(t.TempDir(), "ahead"))
	if problem != "" {
		t.Fatal(problem)
	}
	trail := newTrail("x")
	begin := func(n int64) {
		if err := ahead.Begin(log, n, "text"); err != nil {
			t.Fatal(err)
		}
	}
	left := func() string {
		text := ""
		for i := range trail.unsafe {
			text += fmt.Sprint(trail.unsafe[i].sequence, " ")
		}
		return text
	}
	begin(1)
	begin(2)
	begin(3)
	settleAhead(trail, log, 1, false, 0)
	before := handedOn(trail) // the third one's turn comes
	settleAhead(trail, log, 2, false, 0)
	settleAhead(trail, log, 3, true, before)
	if left() != "2 " {
		t.Errorf("%q is left", left())
	}
	settleAhead(trail, nil, 0, true, handedOn(trail))
	if left() != "" {
		t.Errorf("%q is left", left())
	}
}

// faulty is an output that can be full.
type faulty struct {
	mu   sync.Mutex
	full bool
	to   *bytes.Buffer
}

func (o *faulty) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.full {
		return 0, errNotOpen
	}
	return o.to.Write(p)
}

func repair(o *faulty) {
	o.mu.Lock()
	o.full = false
	o.mu.Unlock()
}

// What is under way when stateDirectory changes is not forgotten.
func TestRequiredInAnotherDirectory(t *testing.T) {
	records, _ := capture(t)
	b := &backend{}
	first, second := t.TempDir(), t.TempDir()
	raw := func(directory string) map[string]any {
		return githubWith(map[string]any{"stateDirectory": directory, "audit": map[string]any{"required": "true"}})
	}
	g := newTestGate(t.Name(), raw(first), compile, testTime)
	d := decide(g, signedPost("under way"), testTime)
	if d.ahead == nil {
		t.Fatal("it is not written down")
	}
	after := newTestGate(t.Name(), raw(second), compile, testTime)
	through(after, b.handler(), signedPost("in the new one"))
	written := func(directory string) string {
		text := ""
		found, _ := filepath.Glob(filepath.Join(directory, "ahead-*"))
		for _, path := range found {
			content, _ := os.ReadFile(path)
			text += string(content)
		}
		return text
	}
	if !strings.Contains(written(first), `"event.sequence":1,`) {
		t.Errorf("the first directory has %q", written(first))
	}
	d.status, d.completed = http.StatusOK, true
	finish(d)
	if written(first) != "" {
		t.Errorf("the first directory still has %q", written(first))
	}
	records.Reset()
	newTestGate(t.Name(), raw(first), compile, testTime)
	if records.Len() > 0 {
		t.Errorf("it is recorded twice: %s", records)
	}
}

// A reload waits for no disk and no network.
func TestReloadDoesNotWait(t *testing.T) {
	capture(t)
	block := make(chan bool)
	defer close(block)
	s := specOf(t, map[string]any{"type": "http", "url": "http://127.0.0.1:1/in"}, nil)
	o := useOutput(context.Background(), "m", s, testTime)
	stuck := make(chan bool, 1)
	o.queue = outbox.NewQueue("stuck", outbox.Options{Interval: time.Millisecond, BatchBytes: 100, MemoryBytes: 1000}, recordFormat, func(records [][]byte) outbox.Outcome {
		stuck <- true
		<-block
		return outbox.Outcome{}
	}, func(_, _ string, _ time.Time) {})
	outbox.Add(o.queue, []byte("{}\n"))
	<-stuck
	done := make(chan bool, 1)
	go reload(s, done)
	for deadline := time.Now().Add(10 * time.Second); len(done) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it waits")
		}
	}
	o.nextMu.Lock()
	defer o.nextMu.Unlock()
	if o.next.target.Timeout != 7*time.Second {
		t.Errorf("%+v", o.next.target)
	}
}

func reload(s outputSpec, done chan bool) {
	s.digest = "another"
	s.target.Timeout = 7 * time.Second
	registryMu.Lock()
	useOutput(context.Background(), "m", s, testTime)
	registryMu.Unlock()
	done <- true
}

// A line that came while somebody else wrote is written after that one's, also where
// both went the short way.
func TestOutputThatIsBusy(t *testing.T) {
	records, _ := capture(t)
	h := handler(newTestGate(t.Name(), githubOptions(), compile, testTime), http.HandlerFunc(accepts))
	serve(h, github("X-GitHub-Delivery: opens"))
	_, before := isIdle(onStdout()[0])
	slow := &slowOutput{to: records, begun: make(chan bool), release: make(chan bool)}
	redirectRecords(slow)
	shutOutputs()
	done := make(chan bool)
	go func() {
		defer func() { _ = recover() }()
		serve(h, github("X-GitHub-Delivery: slow"))
		done <- true
	}()
	<-slow.begun
	serve(h, github("X-GitHub-Delivery: waits"))
	close(slow.release)
	<-done
	settleOutputs(t)
	text := records.String()
	if strings.Count(text, "\n") != 3 || strings.Index(text, `"waits"`) < strings.Index(text, `"slow"`) {
		t.Errorf("%s", text)
	}
	if _, uses := isIdle(onStdout()[0]); uses != before+2 {
		t.Errorf("%d uses, %d before", uses, before)
	}
}

// slowOutput waits in its first write.
type slowOutput struct {
	to      io.Writer
	begun   chan bool
	release chan bool
	again   bool
}

func (o *slowOutput) Write(p []byte) (int, error) {
	if !o.again {
		o.again = true
		close(o.begun)
		<-o.release
	}
	return o.to.Write(p)
}
