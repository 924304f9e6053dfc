package interpreted

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/hookward/hookward/dev/testkit"
)

// BenchmarkLimits measures what a rate limit, replay protection, and both of them
// in a Redis on this machine add to a delivery of GitHub's, each of which is a new
// one.
//
//	go test ./interpreted -run '^$' -bench Limits -benchmem
func BenchmarkLimits(b *testing.B) {
	next := http.HandlerFunc(accept)
	build := load(b)
	github := deliveries(b)[1]
	redis := map[string]any{"endpoints": startRedis(b), "readTimeout": "1s"}
	limit := map[string]any{"average": "1000000000", "period": "1s"}
	sharedLimit := map[string]any{"average": "100000", "period": "1s", "burst": "1000000"}
	serial := 0
	for _, c := range []struct {
		name    string
		options map[string]any
	}{
		{"none", nil},
		{"no-ban", map[string]any{"ban": "false"}},
		{"limit", map[string]any{"rateLimit": limit}},
		{"replay", map[string]any{"replay": "true"}},
		{"both", map[string]any{"rateLimit": limit, "replay": "true"}},
		{"complete", completeOptions(b)},
		{"journal", map[string]any{"replay": "true", "stateDirectory": b.TempDir()}},
		{"delivery", map[string]any{"replay": "true", "stateDirectory": b.TempDir(), "delivery": "true"}},
		{"redis-limit", map[string]any{"rateLimit": sharedLimit, "redis": redis}},
		{"redis-both", map[string]any{"rateLimit": sharedLimit, "replay": "true", "redis": redis}},
	} {
		options := map[string]any{"provider": "github", "secrets": github.options["secrets"]}
		for name, value := range c.options {
			options[name] = value
		}
		handler := build(next, options)
		b.Run(c.name, func(b *testing.B) {
			// Signing is not what is measured.
			type signed struct {
				body   []byte
				header http.Header
			}
			prepared := make([]signed, 2000)
			sign := func() {
				for i := range prepared {
					serial++
					body := fmt.Sprintf("%01024d", serial)
					header := github.header.Clone()
					header["X-Hub-Signature-256"] = []string{githubSignature(options["secrets"].([]any)[0].(string), body)}
					prepared[i] = signed{[]byte(body), header}
				}
			}
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				if n%len(prepared) == 0 {
					b.StopTimer()
					sign()
					b.StartTimer()
				}
				d := prepared[n%len(prepared)]
				n++
				pass(b, handler, github.url, d.header, d.body)
			}
		})
	}
}

// completeOptions are those of "complete" in dev/bench, beside the provider and its secret.
func completeOptions(b testing.TB) map[string]any {
	return map[string]any{
		"allowlist": map[string]any{"sourceRange": []any{"127.0.0.0/8", "192.0.2.0/24"}},
		"rateLimit": map[string]any{"average": "10000000", "period": "1s"},
		"ban":       map[string]any{"failures": "1000000000"},
		"replay":    map[string]any{"window": "24h"},
		"audit": map[string]any{"payload": "hash", "outputs": []any{
			map[string]any{"type": "file", "path": filepath.Join(b.TempDir(), "audit.log"), "maxBytes": "1000000000000"}}},
	}
}

// startRedis returns the address of a redis-server of the benchmark's own.
func startRedis(b *testing.B) string {
	b.Helper()
	address := testkit.Addresses(b, 1)[0]
	_, port, _ := net.SplitHostPort(address)
	command := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", b.TempDir())
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		b.Skip("there is no redis-server: ", err)
	}
	b.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	for range 100 {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			_ = connection.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return address
}

// TestMemoryOfTables fills the tables as far as they go, interpreted, and holds
// them to what the README says: 100,000 sources and 100,000 deliveries in 32 MiB.
func TestMemoryOfTables(t *testing.T) {
	goPath := linkedPath(t)
	i := interp.New(interp.Options{GoPath: goPath, Env: os.Environ()})
	if err := i.Use(stdlib.Symbols); err != nil {
		t.Fatal(err)
	}
	program := strings.ReplaceAll(`
import (
	"crypto/sha256"
	"fmt"
	"time"
	"MODULE/internal/bucket"
	"MODULE/internal/claim"
)
var buckets = bucket.New(100, time.Minute, 100, 100000)
var claims = claim.New(24*time.Hour, 200000, func(_, _ string) {})
func fill() {
	for i := 0; i < 199999; i++ {
		bucket.Take(buckets, "6"+fmt.Sprintf("%016d", i)+"\x00", 0)
		sum := sha256.Sum256([]byte(fmt.Sprint(i)))
		key := string(sum[:])
		if claim.Claim(claims, key, time.Unix(0, 1), false) == claim.Granted {
			claim.Commit(claims, key, 1)
		}
	}
}`, "MODULE", module)
	if _, err := i.Eval(program); err != nil {
		t.Fatal(err)
	}
	before := heap()
	if _, err := i.Eval("fill()"); err != nil {
		t.Fatal(err)
	}
	used := heap() - before
	t.Logf("%.1f MiB", used)
	if used > 32 {
		t.Errorf("the full tables have %.1f MiB", used)
	}
	runtime.KeepAlive(i)
}

// heap returns how many MiB are alive.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
