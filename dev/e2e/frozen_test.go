package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// A disk that hangs stops what needs it, and nothing else: deliveries are remembered in
// memory, required records are refused, reloads and other gates go on.
func TestFrozenDisk(t *testing.T) {
	mount, freeze := testkit.FreezableDisk(t)
	elsewhere := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(elsewhere, []byte(oldSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, nil, []gate{
		{name: "replay", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], stateDirectory: %q, replay: {window: 1h}}`, mount+"/state")},
		{name: "required", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], stateDirectory: %q, audit: {required: "true"}}`, mount+"/state")},
		{name: "elsewhere", options: fmt.Sprintf(`{provider: github, secrets: ["file:%s"]}`, elsewhere)},
	}, gateway.Settings{})
	t.Cleanup(func() { _ = freeze("--unfreeze") }) // before Traefik is stopped
	deliver := func(gate string, n int) *answer {
		body := fmt.Sprint("delivery ", n)
		return s.post(t, gate, body, signed(secret, body))
	}
	for _, gate := range []string{"replay", "required"} {
		s.passed(t, deliver(gate, 0))
	}
	if err := freeze("--freeze"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for n := 1; n <= 10; n++ {
		s.passed(t, deliver("replay", n))
	}
	for n := 1; n <= 10; n++ {
		s.refused(t, deliver("required", n), http.StatusServiceUnavailable, "audit_unavailable")
	}
	if passed := time.Since(began); passed > 15*time.Second {
		t.Errorf("20 requests take %s", passed)
	}
	if a := deliver("replay", 3); len(s.backend.at(a.path)) > 0 {
		t.Error("a duplicate is not known")
	}
	// Another gate's secret changes, and Traefik's configuration does.
	if err := os.WriteFile(elsewhere, []byte(newSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another gate has its new secret", func() bool {
		return s.post(t, "elsewhere", hello, signed(newSecret, hello)).StatusCode == http.StatusOK
	})
	s.configure(t, "other", []gate{
		{name: "new", options: github},
		{name: "late", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], stateDirectory: %q, replay: {window: 1h}}`, mount+"/state")},
	})
	s.passed(t, deliver("new", 1))
	s.passed(t, deliver("late", 1))
	s.passed(t, deliver("replay", 11))
	if err := freeze("--unfreeze"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "required records can be written down again", func() bool {
		return deliver("required", 11).StatusCode == http.StatusOK
	})
	for n := 0; n <= 11; n++ {
		if a := deliver("replay", n); len(s.backend.at(a.path)) > 0 {
			t.Errorf("delivery %d has passed again", n)
		}
	}
}

// A file output on a disk that is full: with required, whatever is told 200 has its record
// once there is room again, be it after a kill in the middle.
func TestRequiredOverAFullDisk(t *testing.T) {
	disk := testkit.NewSmallDisk(t, 4<<20)
	path := filepath.Join(disk.Path, "hooks.log")
	gates := []gate{{name: "required", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], stateDirectory: %q, audit: {required: "true", outputs: [{type: file, path: %q, bufferBytes: "65536"}]}}`, t.TempDir(), path)}}
	acknowledged := sync.Map{}
	for _, kills := range []bool{false, true} {
		s := start(t, nil, gates, gateway.Settings{})
		// What is in the way is all that there is room for.
		disk.Fill()
		refused := atomic.Int64{}
		wait := sync.WaitGroup{}
		for sender := range 16 {
			wait.Go(func() {
				for n := range 100 {
					r, err := http.NewRequest(http.MethodPost, fmt.Sprintf("%s/required/full-%t-%d-%d", s.URL, kills, sender, n), strings.NewReader(hello))
					if err != nil {
						t.Error(err)
						return
					}
					r.Header.Set("X-Hub-Signature-256", strings.TrimPrefix(helloSignature, "X-Hub-Signature-256: "))
					response, err := s.client.Do(r)
					if err != nil {
						t.Error(err)
						return
					}
					_ = response.Body.Close()
					if response.StatusCode == http.StatusOK {
						acknowledged.Store(r.URL.Path, true)
					} else {
						refused.Add(1)
					}
				}
			})
		}
		wait.Wait()
		if n := refused.Load(); n < 100 {
			t.Errorf("%d are refused, with room for less than the others", n)
		}
		if kills {
			s.Kill()
		}
		disk.Free()
		if kills {
			s = start(t, nil, gates, gateway.Settings{})
		} else {
			eventually(t, "the output is well again", func() bool { return len(s.Stderr.Lines("is well again")) > 0 })
		}
		size, since := int64(0), time.Now()
		eventually(t, "all is written", func() bool {
			info, err := os.Stat(path)
			if err == nil && info.Size() != size {
				size, since = info.Size(), time.Now()
			}
			return time.Since(since) > 2*time.Second
		})
		recorded := map[string]int{}
		for _, r := range linesOf(t, path) {
			recorded[r.Path]++
		}
		acknowledged.Range(func(path, _ any) bool {
			if recorded[path.(string)] == 0 {
				t.Errorf("%s was told 200, and has no record", path)
			}
			return true
		})
		s.Stop()
	}
}
