package hookward

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
)

// toFile is a gate whose records go to a file, and a function that sends it a
// delivery with an id.
func toFile(t *testing.T, name string, file map[string]any) func(id string) {
	t.Helper()
	file["type"] = "file"
	h := handler(newTestGate(name, hooktest.GithubWith(map[string]any{"audit": map[string]any{"outputs": []any{file}}}), hooktest.TestTime), http.HandlerFunc(accepts))
	return func(id string) {
		serve(h, hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature, "X-GitHub-Delivery: "+id))
	}
}

func accepts(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusAccepted) }

// A file that has records written to it without looking at it each time is rotated
// before it is too large, all the same, and no record is lost.
func TestFileIsRotatedInTime(t *testing.T) {
	capture(t)
	path := filepath.Join(hooktest.Directory(t), "hooks.log")
	send := toFile(t, t.Name(), map[string]any{"path": path, "maxBytes": "1048576", "compression": "none"})
	const records = 2500
	for i := 0; i < records; i++ {
		send(fmt.Sprint("id-", i))
	}
	settleOutputs(t)
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v %v", files, err)
	}
	lines := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || len(text) > 1<<20 {
			t.Errorf("%s has %d bytes, %v", file, len(text), err)
		}
		lines += strings.Count(string(text), "\n")
	}
	if lines != records {
		t.Errorf("%d records", lines)
	}
}

// Somebody who takes the file away is noticed within a second or so, and at once by
// a reload that has the records written elsewhere.
func TestFileThatIsTakenAway(t *testing.T) {
	capture(t)
	path := filepath.Join(hooktest.Directory(t), "hooks.log")
	send := toFile(t, t.Name(), map[string]any{"path": path})
	send("first")
	send("second")
	if err := os.Rename(path, path+".taken"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		send("later")
		if _, err := os.Stat(path); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the records go to where the file was taken")
		}
	}
	send = toFile(t, t.Name(), map[string]any{"path": path, "keep": "3"})
	send("reloaded")
	if text, _ := os.ReadFile(path); !strings.Contains(string(text), "reloaded") {
		t.Errorf("%s", text)
	}
}
