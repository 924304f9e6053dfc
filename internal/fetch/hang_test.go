package fetch

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/plainfile"
)

// reads are of the whole process: what a test has left may read during the next one.
var reads struct {
	mu    sync.Mutex
	block chan bool // until it is closed, they wait; nil: they don't
}

func init() {
	readFile = func(state plainfile.State, limit int) ([]byte, string) {
		reads.mu.Lock()
		block := reads.block
		reads.mu.Unlock()
		if block != nil {
			<-block
		}
		return plainfile.Read(state, limit)
	}
}

func blockReads(block chan bool) {
	reads.mu.Lock()
	reads.block = block
	reads.mu.Unlock()
}

// hanging has all reads wait until it is closed.
func hanging(t *testing.T) chan bool {
	t.Helper()
	block := make(chan bool)
	before := patience
	patience = 100 * time.Millisecond
	blockReads(block)
	t.Cleanup(func() {
		patience = before
		blockReads(nil)
	})
	return block
}

// A gate whose document is on a disk that hangs is built all the same, at once where
// another one has waited already, and has the document when the disk answers.
func TestUseOnADiskThatHangs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	block := hanging(t)
	said := &teller{}
	s := Source{Kind: "list", Name: path, Key: path, ContentKey: path, File: path, Refresh: time.Hour, Rules: Rules{MaxBytes: 100}, Tell: of(said),
		Read: func(content []byte, _ any) (any, string) { return string(content), "" }, Describe: func(any) string { return "words" }}
	d := Use(ctx, s, testTime)
	if value := Value(d); value != nil {
		t.Errorf("%v", value)
	}
	if text := take(said); !strings.Contains(text, "is not read yet: the disk does not answer") {
		t.Errorf("%q", text)
	}
	if Use(ctx, s, testTime) != d {
		t.Error("another gate has another document")
	}
	close(block)
	awaitValue(t, d, "content")
}

// The same of a snapshot, of a source that does not answer either.
func TestSnapshotOnADiskThatHangs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o, url := newOrigin(t)
	o.mu.Lock()
	o.answer = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) }
	o.mu.Unlock()
	s := Source{Kind: "list", Name: url, Key: url, ContentKey: url, URL: url, Refresh: time.Hour,
		Rules: Rules{MaxBytes: 100, Timeout: time.Second, PlainHTTP: true}, StateDirectory: t.TempDir(), Tell: of(&teller{}),
		Read: func(content []byte, _ any) (any, string) { return string(content), "" }, Describe: func(any) string { return "words" }}
	if err := saveSnapshot(s, &Version{Content: []byte("before")}, testTime); err != nil {
		t.Fatal(err)
	}
	block := hanging(t)
	d := Use(ctx, s, testTime)
	if value := Value(d); value != nil {
		t.Errorf("%v", value)
	}
	close(block)
	awaitValue(t, d, "before")
}

// awaitValue waits until a document has a value.
func awaitValue(t *testing.T, d *Document, want string) {
	t.Helper()
	await.Until(t, "the document has "+want, func() bool { return Value(d) == want })
}
