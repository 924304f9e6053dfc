package hookward

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// stuck is a compiler whose disk may hang.
type stuck struct {
	block chan bool // closed, where it doesn't
}

func (s *stuck) compile(ctx context.Context, name string) func(map[string]any) (*policy.Compilation, *memory.State) {
	return func(raw map[string]any) (*policy.Compilation, *memory.State) {
		<-s.block
		return gates.Compile(ctx, name, raw, hooktest.TestTime)
	}
}

func hanging() *stuck {
	return &stuck{block: make(chan bool)}
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
	_, reports := capture(t)
	raw, path := withSecretFile(t)
	s := hanging()
	close(s.block)
	ctx := context.Background()
	g := gates.New(t.Name(), raw, func(raw map[string]any) (*policy.Compilation, *memory.State) { return s.compile(ctx, t.Name())(raw) }, hooktest.TestTime)
	if reason := decide(g, github(), hooktest.TestTime).reason; reason != verdict.Verified {
		t.Fatal(reason)
	}
	s.block = make(chan bool)
	if err := os.WriteFile(path, []byte("another secret, of 32 bytes and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for i := 1; i < 50; i++ {
		if reason := decide(g, github(), hooktest.TestTime.Add(time.Duration(i)*time.Minute)).reason; reason != verdict.Verified {
			t.Fatal(reason)
		}
	}
	if passed := time.Since(began); passed > 3*time.Second {
		t.Errorf("50 requests wait for %s", passed)
	}
	if !strings.Contains(reports.String(), "keeps what was in force: the disk of a file that it names does not answer") {
		t.Errorf("reports %s", reports)
	}
	// A reload builds the gate anew meanwhile.
	began = time.Now()
	again := gates.New(t.Name(), raw, func(raw map[string]any) (*policy.Compilation, *memory.State) { return s.compile(ctx, t.Name())(raw) }, hooktest.TestTime)
	if reason := decide(again, github(), hooktest.TestTime).reason; reason != verdict.Verified {
		t.Errorf("after a reload: %s", reason)
	}
	if passed := time.Since(began); passed > time.Second {
		t.Errorf("the reload waits for %s", passed)
	}
	close(s.block)
	for _, one := range []*gates.Gate{g, again} {
		eventually(t, "the new secret is never in force", func() bool {
			return decide(one, github(), hooktest.TestTime.Add(time.Hour)).reason == verdict.SignatureMismatch
		})
	}
}

// Where nothing is in force yet, nothing passes, until the files can be read.
func TestNewGateWhoseFilesHang(t *testing.T) {
	_, reports := capture(t)
	raw, _ := withSecretFile(t)
	s := hanging()
	g := gates.New(t.Name(), raw, s.compile(context.Background(), t.Name()), hooktest.TestTime)
	if reason := decide(g, github(), hooktest.TestTime).reason; reason != verdict.ConfigInvalid || !strings.Contains(reports.String(), "answers 503 to every request: the disk of a file that it names does not answer") {
		t.Errorf("%s, reports %s", reason, reports)
	}
	other := gates.New(t.Name()+" other", hooktest.GithubOptions(), compileFor(t), hooktest.TestTime)
	if reason := decide(other, github(), hooktest.TestTime).reason; reason != verdict.Verified {
		t.Errorf("another gate: %s", reason)
	}
	close(s.block)
	eventually(t, "it never begins", func() bool { return decide(g, github(), hooktest.TestTime).reason == verdict.Verified })
}

func compileFor(t *testing.T) func(map[string]any) (*policy.Compilation, *memory.State) {
	name := t.Name() + " other"
	return func(raw map[string]any) (*policy.Compilation, *memory.State) {
		return gates.Compile(context.Background(), name, raw, hooktest.TestTime)
	}
}
