package gates

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
)

// stuck is a compiler whose disk may hang.
type stuck struct {
	block chan bool // closed, where it doesn't
}

func hanging() *stuck {
	return &stuck{block: make(chan bool)}
}

// gateOf returns a gate that compiles by it.
func (s *stuck) gateOf(name string, raw map[string]any) *Gate {
	return newGate(name, audit.NewNumbers(name), raw, func(raw map[string]any, now time.Time) (*policy.Compilation, *memory.State) {
		<-s.block
		return compileFor(context.Background(), name, raw, now)
	}, hooktest.TestTime)
}

// secretOf returns the secret that a gate verifies by, or nothing where it refuses everything.
func secretOf(g *Gate, now time.Time) string {
	p := Current(g, now).Policy
	if p == nil {
		return ""
	}
	return string(p.Schemes[0].Keys[0])
}

// withSecretFile returns a configuration with a secret in a file.
func withSecretFile(t *testing.T) (map[string]any, string) {
	t.Helper()
	path := filepath.Join(hooktest.Directory(t), "secret")
	if err := os.WriteFile(path, []byte(hooktest.DocsSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	raw := hooktest.GithubOptions()
	raw["secrets"] = []any{"file:" + path}
	return raw, path
}

// A secret's file on a disk that hangs makes one request wait, and not for long. Others
// go on with the secret that is in force, and the new one comes when the disk does.
func TestSecretFileThatHangs(t *testing.T) {
	_, reports := hooktest.Listen(t)
	raw, path := withSecretFile(t)
	s := hanging()
	close(s.block)
	g := s.gateOf(t.Name(), raw)
	if secret := secretOf(g, hooktest.TestTime); secret != hooktest.DocsSecret {
		t.Fatalf("%q is in force", secret)
	}
	s.block = make(chan bool)
	const another = "another secret, of 32 bytes and more"
	if err := os.WriteFile(path, []byte(another), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for i := 1; i < 50; i++ {
		if secret := secretOf(g, hooktest.TestTime.Add(time.Duration(i)*time.Minute)); secret != hooktest.DocsSecret {
			t.Fatalf("%q is in force", secret)
		}
	}
	if passed := time.Since(began); passed > 10*filePatience {
		t.Errorf("50 requests wait for %s", passed)
	}
	if !strings.Contains(reports.String(), "keeps what was in force: the disk of a file that it names does not answer") {
		t.Errorf("reports %s", reports)
	}
	// A reload builds the gate anew meanwhile.
	again := s.gateOf(t.Name(), raw)
	if secret := secretOf(again, hooktest.TestTime); secret != hooktest.DocsSecret {
		t.Errorf("after a reload %q is in force", secret)
	}
	close(s.block)
	for _, one := range []*Gate{g, again} {
		await.Until(t, "the new secret is never in force", func() bool { return secretOf(one, hooktest.TestTime.Add(time.Hour)) == another })
	}
}

// Where nothing is in force yet, nothing passes, until the files can be read.
func TestNewGateWhoseFilesHang(t *testing.T) {
	_, reports := hooktest.Listen(t)
	raw, _ := withSecretFile(t)
	s := hanging()
	g := s.gateOf(t.Name(), raw)
	if secret := secretOf(g, hooktest.TestTime); secret != "" || !strings.Contains(reports.String(), "answers 503 to every request: the disk of a file that it names does not answer") {
		t.Errorf("VULNERABLE: %q is in force, reports %s", secret, reports)
	}
	other := Open(context.Background(), t.Name()+" other", hooktest.GithubOptions(), hooktest.TestTime)
	if secret := secretOf(other, hooktest.TestTime); secret != hooktest.DocsSecret {
		t.Errorf("another gate has %q", secret)
	}
	close(s.block)
	await.Until(t, "it never begins", func() bool { return secretOf(g, hooktest.TestTime) == hooktest.DocsSecret })
}

// A panic while a configuration is read is a mistake of that gate alone, which refuses
// everything.
func TestCompilerThatPanics(t *testing.T) {
	_, reports := hooktest.Listen(t)
	for name, panics := range map[string]func(map[string]any, time.Time) (*policy.Compilation, *memory.State){
		"a text":   func(map[string]any, time.Time) (*policy.Compilation, *memory.State) { panic("injected") },
		"an error": func(map[string]any, time.Time) (*policy.Compilation, *memory.State) { panic(os.ErrInvalid) },
		"a nil map": func(raw map[string]any, _ time.Time) (*policy.Compilation, *memory.State) {
			raw["x"] = 1
			return nil, nil
		},
	} {
		g := newGate(name, audit.NewNumbers(name), nil, panics, hooktest.TestTime)
		if Current(g, hooktest.TestTime).Policy != nil || !strings.Contains(reports.String(), `"`+name+`"`) {
			t.Errorf("VULNERABLE: %s: reports %s", name, reports)
		}
	}
	if !strings.Contains(reports.String(), "injected") {
		t.Errorf("reports %s", reports)
	}
}
