package main

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

	"github.com/hookward/hookward/dev/gateway"
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
	for _, name := range []string{bare, "native", "buffering", "verify-compiled", completeCompiled, "verify", complete, forwardAuth} {
		if !found[name] {
			t.Errorf("%s was not measured", name)
		}
	}
	for _, name := range []string{bare, completeCompiled, complete} {
		if len(r.Reloads[name]) == 0 || len(r.Starts[name]) == 0 || len(r.Memory[name]) == 0 {
			t.Errorf("%s: reloads %v, starts %v, memory %v", name, r.Reloads, r.Starts, r.Memory)
		}
	}
	if r.Rotation == nil || r.Machine.Hash <= 0 || r.Machine.Copy <= 0 {
		t.Errorf("rotation %v, machine %v", r.Rotation, r.Machine)
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
	p := Profiles{
		gateway.Interpreted: {Requests: 1000, Nanoseconds: map[string]int64{"interpreter": 3e6, "collection": 1e6}},
		gateway.Compiled:    {Requests: 1000, Nanoseconds: map[string]int64{"plugin": 1e6}},
	}
	if err := WritePage(directory, r, nil, p); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(directory, "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), p.text()) || !strings.Contains(string(text), r.Targets(nil)) || !strings.Contains(string(text), r.starts()) || strings.Contains(string(text), "<no value>") {
		t.Errorf("the page is\n%s", text)
	}
	if picture, err := os.ReadFile(filepath.Join(directory, "performance.svg")); err != nil || strings.Contains(string(picture), "NaN") {
		t.Errorf("the picture: %v\n%s", err, picture)
	}
}

// TestTargets judges figures at the limits and beyond them.
func TestTargets(t *testing.T) {
	r := &Results{
		Machine: Machine{Hash: 700, Copy: 50},
		Starts:  map[string][]float64{bare: {200}, completeCompiled: {251}},
		Reloads: map[string][]float64{completeCompiled: {999}, complete: {1000}},
	}
	for _, c := range []struct {
		name, traffic string
		size, routers int
		sample        Sample
	}{
		{bare, valid, 1 << 10, 1, Sample{CPU: 100, RPS: 1000}},
		{completeCompiled, valid, 1 << 10, 1, Sample{CPU: 110, RPS: 919, RSS: 40 << 20}},
		{completeCompiled, wrong, 1 << 10, 1, Sample{CPU: 99}},
		{completeCompiled, limited, 1 << 10, 1, Sample{CPU: 100}},
		{bare, valid, 64 << 10, 1, Sample{CPU: 100}},
		{completeCompiled, valid, 64 << 10, 1, Sample{CPU: 161}},
		{bare, valid, 1 << 20, 1, Sample{CPU: 1000}},
		{completeCompiled, valid, 1 << 20, 1, Sample{CPU: 2450}},
		{bare, valid, 1 << 10, manyRouters, Sample{CPU: 150}},
		{completeCompiled, valid, 1 << 10, manyRouters, Sample{CPU: 172}},
		{forwardAuth, valid, 1 << 10, 1, Sample{CPU: 200, Helper: 100, RPS: 300}},
		{complete, valid, 1 << 10, 1, Sample{CPU: 300, RPS: 345}},
		{complete, wrong, 1 << 10, 1, Sample{CPU: 200}},
		{complete, limited, 1 << 10, 1, Sample{CPU: 200}},
	} {
		r.Cells = append(r.Cells, &Cell{Contender: c.name, Kind: Kind{Traffic: c.traffic, Size: c.size, Routers: c.routers}, Samples: []*Sample{&c.sample}})
	}
	text := r.Targets(&Soak{HeapSlope: 1 << 20})
	words := regexp.MustCompile(`met \||missed\*\* \|`).FindAllString(text, -1)
	got := strings.NewReplacer(" |", "", "**", "").Replace(strings.Join(words, " "))
	if want := "met missed met missed met missed met missed met missed missed met missed missed"; got != want {
		t.Errorf("%s, want %s, in\n%s", got, want, text)
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
