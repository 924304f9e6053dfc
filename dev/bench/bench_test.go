package bench

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	RunRole()
	os.Exit(m.Run())
}

// TestQuick sees that the whole benchmark works: that every contender which is
// installed starts, answers as it should, and gets a figure.
func TestQuick(t *testing.T) {
	progress := &tail{}
	r, err := Run(t.Context(), Quick(), progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress)
	}
	for _, missing := range r.Missing {
		t.Log("left out:", missing)
	}
	found := map[string]bool{}
	for _, c := range r.Cells {
		if c.Refused != "" || len(c.Samples) != 1 || c.Samples[0].RPS <= 0 || c.Samples[0].RSS <= 0 {
			t.Errorf("%s, %s: refused: %q, samples: %d", c.Contender, c.Kind, c.Refused, len(c.Samples))
		}
		found[c.Contender] = true
	}
	for _, name := range []string{bare, native, "buffering", "verify", complete, forwardAuth} {
		if !found[name] {
			t.Errorf("%s was not measured", name)
		}
	}
	if len(r.Reloads[complete]) == 0 || len(r.Starts[complete]) == 0 || r.Rotation == nil {
		t.Errorf("reloads %v, starts %v, rotation %v", r.Reloads, r.Starts, r.Rotation)
	}

	directory := t.TempDir()
	file := filepath.Join(directory, "results.json")
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	again, err := ReadResults(file)
	if err != nil || again.Text() != r.Text() {
		t.Errorf("the results are not what was written: %v", err)
	}
	p := &Profile{Requests: 1000, Nanoseconds: map[string]int64{"interpreter": 3e6, "collection": 1e6}}
	if err := WritePage(directory, r, nil, p); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(directory, "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), p.text()) || strings.Contains(string(text), "<no value>") {
		t.Errorf("the page is\n%s", text)
	}
	if picture, err := os.ReadFile(filepath.Join(directory, "performance.svg")); err != nil || strings.Contains(string(picture), "NaN") {
		t.Errorf("the picture: %v\n%s", err, picture)
	}
}

// TestProfile sees that the profile is read, and that Yaegi is found in it.
func TestProfile(t *testing.T) {
	raw := filepath.Join(t.TempDir(), "cpu.pb.gz")
	p, err := RunProfile(t.Context(), time.Second, 4, raw, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if p.Requests == 0 || p.Nanoseconds["interpreter"] == 0 || p.Nanoseconds["traefik"] == 0 || !strings.Contains(p.text(), " % ") {
		t.Errorf("the profile is %v", p)
	}
	if _, err := os.Stat(raw); err != nil {
		t.Error(err)
	}
}

func TestKindOf(t *testing.T) {
	const interp, proxy, serve = "github.com/traefik/yaegi/interp.call.func9", "net/http/httputil.(*ReverseProxy).ServeHTTP", "net/http.(*conn).serve"
	for _, c := range []struct {
		kind  string
		stack string // innermost first
	}{
		{"interpreter", "runtime.mapaccess1 " + interp + " " + serve},
		{"interpreter", "reflect.Value.Call " + interp},
		{"memory", "runtime.nextFreeFast runtime.mallocgc reflect.New " + interp + " " + serve},
		{"plugin", "crypto/internal/fips140/sha256.blockSHANI crypto/sha256.Sum256 reflect.Value.Call " + interp},
		{"plugin", "runtime.mallocgc encoding/json.Marshal reflect.Value.Call " + interp},
		{"traefik", "internal/runtime/syscall.Syscall6 syscall.write " + proxy + " " + interp + " " + serve},
		{"traefik", "runtime.mallocgc net/textproto.readMIMEHeader " + serve},
		{"interpreter", interp + " net/http.(*response).Write " + proxy + " " + interp + " " + serve},
		{"collection", "runtime.scanobject runtime.gcBgMarkWorker runtime.systemstack"},
		{"collection", "runtime.gcDrainN runtime.gcAssistAlloc runtime.mallocgc " + interp},
		{"scheduler", "runtime.futex runtime.findRunnable runtime.schedule runtime.mcall"},
	} {
		if kind := kindOf(strings.Fields(c.stack)); kind != c.kind {
			t.Errorf("%s: %s, want %s", c.stack, kind, c.kind)
		}
	}
}

// TestSoak sees that the long run works.
func TestSoak(t *testing.T) {
	s, err := RunSoak(t.Context(), 60, 3, 4, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Samples) != 3 || s.Samples[2].Requests != 60 || s.Samples[2].Heap == 0 {
		t.Errorf("samples: %v", s.Samples)
	}
}

// TestRefused runs the check of a run against what may not count.
func TestRefused(t *testing.T) {
	k := Kind{Traffic: valid, Size: 100}
	for _, test := range []struct {
		name    string
		kind    Kind
		load    load
		arrived counts
		refused bool
	}{
		{"nothing", k, load{}, counts{}, true},
		{"one other answer", k, load{Requests: 3, Statuses: map[string]int64{"200": 2, "401": 1}}, counts{3, 300}, true},
		{"one error", k, load{Requests: 3, Statuses: map[string]int64{"200": 3}, Errors: map[string]int64{"EOF": 1}}, counts{3, 300}, true},
		{"one did not arrive", k, load{Requests: 3, Statuses: map[string]int64{"200": 3}}, counts{2, 300}, true},
		{"one byte did not arrive", k, load{Requests: 3, Statuses: map[string]int64{"200": 3}}, counts{3, 299}, true},
		{"a refused one arrived", Kind{Traffic: wrong}, load{Requests: 3, Statuses: map[string]int64{"401": 3}}, counts{1, 0}, true},
		{"all as it should be", k, load{Requests: 3, Statuses: map[string]int64{"200": 3}}, counts{3, 300}, false},
		{"all refused", Kind{Traffic: limited}, load{Requests: 3, Statuses: map[string]int64{"429": 3}}, counts{}, false},
	} {
		if err := check(&test.load, test.kind, counts{}, test.arrived); (err != nil) != test.refused {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

var deliveryText = regexp.MustCompile(`(?s)^POST (/[a-z]/\d{3}) HTTP/1.1\r\nHost: host\r\n.*sha256=([0-9a-f]{64})\r\nContent-Length: (\d+)$`)

// TestDelivery checks deliveries against a MAC that is computed as a whole.
func TestDelivery(t *testing.T) {
	for _, size := range []int{minBody, 1 << 10, 1 << 20} {
		r, err := newRequest("host", []string{"/a/000", "/b/001"}, size, secret, "0123456789abcdef")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for n := range uint64(40) {
			if err := r.number(n); err != nil {
				t.Fatal(err)
			}
			header, body, _ := bytes.Cut(r.bytes, []byte("\r\n\r\n"))
			match := deliveryText.FindStringSubmatch(string(header))
			if match == nil {
				t.Fatalf("not a request: %.500q", r.bytes)
			}
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write(body)
			if len(body) != size || match[3] != strconv.Itoa(size) || match[2] != hex.EncodeToString(mac.Sum(nil)) || match[1] != r.paths[n%2] || seen[match[2]] {
				t.Fatalf("delivery %d of %d bytes: %.300q", n, size, match[0])
			}
			seen[match[2]] = true
		}
	}
	if _, err := newRequest("host", []string{"/a"}, minBody-1, secret, "0123456789abcdef"); err == nil {
		t.Error("a body without room for its nonce")
	}
	if _, err := newRequest("host", []string{"/a", "/bb"}, minBody, secret, "0123456789abcdef"); err == nil {
		t.Error("paths of two lengths")
	}
}

// TestAgainst compares within rounds: the machine was twice as slow in the
// second.
func TestAgainst(t *testing.T) {
	a := &Cell{Samples: []*Sample{{Round: 1, RPS: 80}, {Round: 2, RPS: 40}, {Round: 3, RPS: 90}}}
	b := &Cell{Samples: []*Sample{{Round: 3, RPS: 100}, {Round: 2, RPS: 50}, {Round: 1, RPS: 100}}}
	if q := a.against(b, rps, quotient); q != 0.8 {
		t.Errorf("the ratio is %v", q)
	}
	if d := a.against(b, rps, difference); d != -10 {
		t.Errorf("the difference is %v", d)
	}
	if m := a.median(); m.RPS != 80 {
		t.Errorf("the median is %v", m.RPS)
	}
	samples := []SoakSample{{Requests: 1e6, Heap: 100}, {Requests: 2e6, Heap: 107}, {Requests: 3e6, Heap: 114}}
	if s := slope(samples, perMillion, func(s SoakSample) int64 { return s.Heap }); math.Abs(s-7) > 1e-6 {
		t.Errorf("the slope is %v", s)
	}
}

// TestUsage reads this process' own figures.
func TestUsage(t *testing.T) {
	for deadline := time.Now().Add(patience); ; {
		_, u, err := read(os.Getpid())
		if err != nil || u.rss <= 0 || time.Now().After(deadline) {
			t.Fatalf("%+v, %v", u, err)
		}
		if u.cpu >= 2*tick {
			return
		}
	}
}

// TestParse reads answers of which one byte after the other arrives.
func TestParse(t *testing.T) {
	for _, test := range []struct {
		answer string
		status int
		keep   bool
		fails  bool
	}{
		{"SSH-2.0-OpenSSH\r\n\r\n", 0, false, true},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, false, true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n12", 0, false, true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n", 0, false, true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n", 200, true, false},
		{"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: Close\r\n\r\n", 401, false, false},
	} {
		for n := range len(test.answer) {
			if status, _, err := parse([]byte(test.answer[:n])); (status != 0 || err != nil) && !test.fails {
				t.Errorf("%q is %d, %v", test.answer[:n], status, err)
			}
		}
		status, keep, err := parse([]byte(test.answer))
		if status != test.status || keep != test.keep || (err != nil) != test.fails {
			t.Errorf("%q is %d, %t, %v", test.answer, status, keep, err)
		}
	}
}
