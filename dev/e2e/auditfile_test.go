package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// auditCommand runs `hookward audit`, and returns what it prints and its status.
func auditCommand(t *testing.T, arguments ...string) (string, int) {
	t.Helper()
	return runCommand(t, commandBinary(t), []string{"CHAIN=" + chainKey}, append([]string{"audit"}, arguments...)...)
}

// commandBinary builds the command for people.
func commandBinary(t *testing.T) string {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "hookward")
	build := exec.Command("go", "build", "-o", binary, "./cmd/hookward")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// runCommand runs it, and returns what it prints and its status.
func runCommand(t *testing.T, binary string, env []string, arguments ...string) (string, int) {
	t.Helper()
	command := exec.Command(binary, arguments...)
	command.Env = append(os.Environ(), env...)
	out, _ := command.CombinedOutput()
	return string(out), command.ProcessState.ExitCode()
}

const chainKey = "a chain's key of more than 32 bytes"

// A file is rotated by itself and by others while it is written to, and no record
// is lost or changed without being found out.
func TestAuditFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hooks.log")
	s := start(t, nil, []gate{
		{name: "file", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], audit: {payload: full, outputs: [{type: stdout}, {type: file, path: %q, maxBytes: "1048576", chainKey: "env:CHAIN"}]}}`, path)},
	}, gateway.Settings{Env: []string{"CHAIN=" + chainKey}})
	body := strings.Repeat("x", 9000)
	send := func(count int) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range count / 4 {
					s.post(t, "file", body, signed(secret, body))
				}
			})
		}
		wg.Wait()
	}
	send(300) // two rotations of a megabyte
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // it looks once a second
	send(40)
	if err := os.Remove(path + ".1"); err != nil {
		t.Fatal(err)
	}
	rotated := func() []string {
		found, err := filepath.Glob(path + ".*.gz")
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	eventually(t, "old files are compressed", func() bool { return len(rotated()) == 2 })
	for _, old := range rotated() {
		if info, err := os.Stat(old); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
	}
	// The one that was renamed and removed is missing, and that is found out.
	out, status := auditCommand(t, "-key", "env:CHAIN", path)
	if status != 1 {
		t.Errorf("status %d: %s", status, out)
	}
	t.Log(out)
	for _, line := range s.Stdout.Lines("hookward.audit") {
		if strings.Contains(line, chainKey) || strings.Contains(line, "hookward.chain") {
			t.Errorf("stdout has the chain: %s", line)
		}
	}
}

// What is in a chained file is complete and unchanged, across a restart of
// Traefik and a rotation; each change is found.
func TestAuditChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hooks.log")
	gates := []gate{{name: "file", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], audit: {outputs: [{type: stdout}, {type: file, path: %q, maxBytes: "1048576", chainKey: "env:CHAIN"}]}}`, path)}}
	for range 2 {
		s := start(t, nil, gates, gateway.Settings{Env: []string{"CHAIN=" + chainKey}})
		for range 50 {
			s.passed(t, s.post(t, "file", hello, helloSignature))
		}
		s.Stop()
	}
	out, status := auditCommand(t, "-key", "env:CHAIN", path)
	if status != 0 || !strings.Contains(out, "100") {
		t.Fatalf("status %d: %s", status, out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(content), "\n")
	lines = lines[:len(lines)-1]
	for name, change := range map[string]func() []string{
		"changed": func() []string {
			return append(append(append([]string{}, lines[:40]...), strings.Replace(lines[40], `"allowed"`, `"denied"`, 1)), lines[41:]...)
		},
		"removed": func() []string { return append(append([]string{}, lines[:40]...), lines[41:]...) },
		"swapped": func() []string {
			return append(append([]string{}, lines[:40]...), append([]string{lines[41], lines[40]}, lines[42:]...)...)
		},
		"added twice": func() []string { return append(append([]string{}, lines[:41]...), lines[40:]...) },
	} {
		tampered := filepath.Join(t.TempDir(), "hooks.log")
		if err := os.WriteFile(tampered, []byte(strings.Join(change(), "")), 0o600); err != nil {
			t.Fatal(err)
		}
		out, status := auditCommand(t, "-key", "env:CHAIN", tampered)
		if status != 1 || !strings.Contains(out, "41") && !strings.Contains(out, "42") {
			t.Errorf("%s: status %d: %s", name, status, out)
		}
	}
}

// killRounds are so few because each starts Traefik; 200 were tried by hand.
const killRounds = 3

// With required, what the backend has got is recorded, whenever Traefik dies:
// by its record, or by the one that the next start writes of what was under way.
func TestRequiredSurvivesKill(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "hooks.log")
	gates := []gate{{name: "required", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], stateDirectory: %q, audit: {required: "true", outputs: [{type: file, path: %q}]}}`, directory+"/state", path)}}
	delivered := sync.Map{}
	answer := func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/required/") {
			delivered.Store(r.URL.Path, true)
		}
		time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
	}
	serial := atomic.Int64{}
	acknowledged := sync.Map{}
	for range killRounds {
		s := start(t, answer, gates, gateway.Settings{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					r, err := http.NewRequest(http.MethodPost, fmt.Sprintf("%s/required/n%d", s.URL, serial.Add(1)), strings.NewReader(hello))
					if err != nil {
						t.Error(err)
						return
					}
					r.Header.Set("X-Hub-Signature-256", strings.TrimPrefix(helloSignature, "X-Hub-Signature-256: "))
					response, err := s.client.Do(r)
					if err != nil {
						return // Traefik is gone
					}
					_ = response.Body.Close()
					if response.StatusCode == 200 {
						acknowledged.Store(r.URL.Path, true)
					}
				}
			})
		}
		time.Sleep(time.Duration(300+rand.IntN(500)) * time.Millisecond)
		s.Kill()
		wg.Wait()
	}
	s := start(t, answer, gates, gateway.Settings{})
	s.Stop()
	recorded, interrupted := map[string]bool{}, 0
	for _, r := range linesOf(t, path) {
		recorded[r.Path] = true
		if r.Interrupted {
			interrupted++
		}
	}
	count := 0
	for _, set := range []*sync.Map{&acknowledged, &delivered} {
		set.Range(func(path, _ any) bool {
			count++
			if !recorded[path.(string)] {
				t.Errorf("%s has reached the backend, and left no record", path)
			}
			return true
		})
	}
	t.Logf("%d deliveries and acknowledgements, %d records, %d of what was interrupted", count, len(recorded), interrupted)
	if count < 100 {
		t.Error("too few to tell")
	}
}

// A disk that is full holds nobody up; with required it lets nobody pass. Both end
// when there is room.
func TestDiskFull(t *testing.T) {
	mount := t.TempDir()
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=200k"); err != nil {
		t.Skipf("no small file system can be had here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mount, syscall.MNT_DETACH) })
	s := start(t, nil, []gate{
		{name: "file", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], audit: {outputs: [{type: stdout}, {type: file, path: %q}]}}`, mount+"/hooks.log")},
		{name: "required", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], stateDirectory: %q, audit: {required: "true"}}`, mount+"/state")},
	}, gateway.Settings{})
	s.passed(t, s.post(t, "required", hello, helloSignature))
	filler, err := os.OpenFile(filepath.Join(mount, "filler"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	fill := func() { _, _ = filler.Write(make([]byte, 1<<20)) } // as much as there is room for
	for range 30 {
		fill()
		s.passed(t, s.post(t, "file", hello, helloSignature))
	}
	var a *answer
	eventually(t, "the gate refuses what it can't write down", func() bool {
		fill()
		a = s.post(t, "required", hello, helloSignature)
		return a.StatusCode == http.StatusServiceUnavailable
	})
	s.refused(t, a, 503, "audit_unavailable")
	if len(s.Stderr.Lines("no space left on device")) == 0 {
		t.Error("nothing is said on stderr")
	}
	if err := filler.Truncate(0); err != nil {
		t.Fatal(err)
	}
	s.passed(t, s.post(t, "required", hello, helloSignature))
	eventually(t, "all records are in the file", func() bool { return len(linesOf(t, mount+"/hooks.log")) == 30 })
	for i, r := range linesOf(t, mount+"/hooks.log") {
		if r.Sequence != i+1 {
			t.Errorf("record %d has number %d", i+1, r.Sequence)
		}
	}
}
