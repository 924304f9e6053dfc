package hookward

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
)

// specOf returns the first output of a configuration.
func specOf(t *testing.T, output map[string]any, more map[string]any) audit.Spec {
	t.Helper()
	raw := hooktest.GithubWith(map[string]any{"audit": map[string]any{"outputs": output}})
	for name, value := range more {
		raw[name] = value
	}
	return mustCompile(t, raw).Audit.Specs[0]
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
	key := specOf(t, base, nil).Key
	for i, more := range []map[string]any{{"timeout": "30s"}, {"headers": []any{"X-Key: another key"}}, {"token": "another-token-of-the-same-place"}, {"bufferBytes": "100000"}} {
		if s := specOf(t, with(more), nil); s.Key != key || s.Digest == specOf(t, base, nil).Digest {
			t.Errorf("%d: another place, or no other options", i)
		}
	}
	for i, more := range []map[string]any{{"url": "https://logs.example.com/other"}, {"headers": []any{"X-Other: x"}}} {
		if specOf(t, with(more), nil).Key == key {
			t.Errorf("%d: the same place", i)
		}
	}
	tls := map[string]any{"tls": map[string]any{"insecureSkipVerify": "true"}}
	first := specOf(t, with(tls), nil).Digest
	if again := specOf(t, with(tls), nil).Digest; again != first {
		t.Error("the same options, compiled twice, are others")
	}
	if first == specOf(t, with(map[string]any{"tls": "true"}), nil).Digest {
		t.Error("another section tls is the same")
	}
	if specOf(t, base, map[string]any{"stateDirectory": "/a"}).Key == specOf(t, base, map[string]any{"stateDirectory": "/b"}).Key {
		t.Error("the same place, in two directories")
	}
	file := map[string]any{"type": "file", "path": "/x/a.log"}
	if specOf(t, file, nil).Key != specOf(t, map[string]any{"type": "file", "path": "/x//./a.log"}, nil).Key {
		t.Error("one file by two names is two")
	}
}

// After an outage of its output, a gate that requires records goes on.
func TestRequiredAfterAnOutage(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	raw := hooktest.GithubWith(map[string]any{"stateDirectory": hooktest.Directory(t), "audit": map[string]any{"required": "true"}})
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	through(g, b.Handler(), hooktest.SignedPost("well"))
	settleOutputs(t)
	o := &faulty{to: records, full: true}
	hooktest.Record(o)
	for i := 0; i < 20; i++ {
		through(g, b.Handler(), hooktest.SignedPost("away"))
	}
	if n := announced(t, g); n != 20 {
		t.Errorf("%d are written down until they have arrived", n)
	}
	repair(o)
	settleOutputs(t)
	await.Until(t, "a quiet gate still has them written down", func() bool { return ahead.IsEmpty(audit.Announcements) })
	// Traefik starts anew: none of them is recorded again.
	restart(t, g, 0)
	records.Reset()
	newTestGate(t.Name(), raw, hooktest.TestTime)
	settleOutputs(t)
	if records.Len() > 0 {
		t.Errorf("recorded again: %s", records)
	}
}

// writtenAhead returns what is written down until it is safe.
func writtenAhead(directory string) string {
	text := ""
	found, _ := filepath.Glob(filepath.Join(directory, "ahead-*"))
	for _, path := range found {
		content, _ := os.ReadFile(path)
		text += string(content)
	}
	return text
}

// faulty is an output that can be full.
type faulty struct {
	mu   sync.Mutex
	full bool
	to   *hooktest.LockedBuffer
}

func (o *faulty) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.full {
		return 0, errors.New("the file is not open")
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
	b := &hooktest.Backend{}
	first, second := hooktest.Directory(t), hooktest.Directory(t)
	raw := func(directory string) map[string]any {
		return hooktest.GithubWith(map[string]any{"stateDirectory": directory, "audit": map[string]any{"required": "true"}})
	}
	g := newTestGate(t.Name(), raw(first), hooktest.TestTime)
	x := decide(g, hooktest.SignedPost("under way"), hooktest.TestTime)
	if x.ahead == nil {
		t.Fatal("it is not written down")
	}
	after := newTestGate(t.Name(), raw(second), hooktest.TestTime)
	through(after, b.Handler(), hooktest.SignedPost("in the new one"))
	if !strings.Contains(writtenAhead(first), `"event.sequence":1,`) {
		t.Errorf("the first directory has %q", writtenAhead(first))
	}
	x.Status, x.completed = http.StatusOK, true
	finish(x)
	await.Until(t, "the first directory still has it", func() bool { return writtenAhead(first) == "" })
	records.Reset()
	newTestGate(t.Name(), raw(first), hooktest.TestTime)
	settleOutputs(t)
	if records.Len() > 0 {
		t.Errorf("it is recorded twice: %s", records)
	}
}

// A line that came while somebody else wrote is written after that one's, also where
// both went the short way.
func TestOutputThatIsBusy(t *testing.T) {
	records, _ := capture(t)
	h := handler(newTestGate(t.Name(), hooktest.GithubOptions(), hooktest.TestTime), http.HandlerFunc(accepts))
	serve(h, github("X-GitHub-Delivery: opens"))
	_, before := audit.IsIdle(gates.Stdout()[0])
	slow := &slowOutput{to: records, begun: make(chan bool), release: make(chan bool)}
	hooktest.Record(slow)
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
	if _, uses := audit.IsIdle(gates.Stdout()[0]); uses != before+2 {
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
