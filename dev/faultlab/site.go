package main

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

const secret = "a secret of the fault lab alone, 0123456789"

// github is what most gates of the lab have; %s are more options.
const github = `{provider: github, secrets: ["env:GH"], ban: false%s}`

// A site is a Traefik in front of the ledger.
type site struct {
	*gateway.Gateway
	t      *trial
	ledger *ledger
	client *http.Client
	peak   int // MiB, of memory
}

// serial numbers attempts, and makes deliveries different.
var serial atomic.Int64

// start runs a Traefik with gates, by name, until the case ends.
func start(t *trial, l *ledger, gates map[string]string, group *testkit.ControlGroup) *site {
	return startIn(t, l, gates, group)
}

// startIn is start with more in Traefik's environment.
func startIn(t *trial, l *ledger, gates map[string]string, group *testkit.ControlGroup, environment ...string) *site {
	backend, err := gateway.Serve(t.ctx, "127.0.0.1:0", l)
	if err != nil {
		t.Fatal(err)
	}
	binary := t.binary
	if group != nil {
		binary = group.Wrap(t, binary)
	}
	s := &site{t: t, ledger: l, client: clientFrom("")}
	s.Gateway, err = gateway.Start(t.ctx, binary, configuration("main", backend, gates), gateway.Settings{
		Plugin: t.source, Form: t.form, Env: append([]string{"GH=" + secret}, environment...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.end()
		t.Logf("%s", s.Stderr)
	})
	for gate := range gates {
		testkit.Await(t, "the gate "+gate, func() bool {
			response, err := s.client.Get(s.URL + "/" + gate + "/ready")
			return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusMethodNotAllowed
		})
	}
	return s
}

// configuration returns a file of gates, each on a router of its own.
func configuration(file, backend string, gates map[string]string) string {
	var routers, middlewares strings.Builder
	for name, options := range gates {
		fmt.Fprintf(&middlewares, "    %s: {plugin: {hookward: %s}}\n", name, options)
		fmt.Fprintf(&routers, "    %[1]s: {rule: \"PathPrefix(`/%[1]s/`)\", service: backend-%[2]s, middlewares: [%[1]s]}\n", name, file)
	}
	return "http:\n  middlewares:\n" + middlewares.String() + "  routers:\n" + routers.String() +
		fmt.Sprintf("  services:\n    backend-%s: {loadBalancer: {servers: [{url: %q}]}}\n", file, backend)
}

// clientFrom returns a client that sends from an address, where one is given.
func clientFrom(address string) *http.Client {
	dialer := &net.Dialer{}
	if address != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(address)}
	}
	return &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 64}}
}

func (s *site) path(gate string) string { return fmt.Sprintf("/%s/%d", gate, serial.Add(1)) }

// deliver sends a delivery, and returns the status, or 0 where there was no answer.
func (s *site) deliver(gate, body string) int { return s.deliverBy(s.client, gate, body) }

func (s *site) deliverBy(client *http.Client, gate, body string) int {
	path, status := s.path(gate), 0
	r, err := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.GetBody = nil // the client sends nothing twice by itself
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(testkit.HMAC(secret, body)))
	response, err := client.Do(r)
	if err == nil {
		status = response.StatusCode
		_ = response.Body.Close()
	}
	s.ledger.note(path, body, status)
	return status
}

// news returns deliveries that there were none of.
func news(count int) []string {
	bodies := make([]string, count)
	for i := range bodies {
		bodies[i] = fmt.Sprintf("delivery %d", serial.Add(1))
	}
	return bodies
}

// load sends deliveries from some senders at a time, and returns once all are answered.
func (s *site) load(gate string, senders int, bodies []string) {
	queue := make(chan string, len(bodies))
	for _, body := range bodies {
		queue <- body
	}
	close(queue)
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for body := range queue {
				s.deliver(gate, body)
			}
		})
	}
	all.Wait()
}

// retry sends deliveries again and again, as a provider does, until all were told 2xx.
func (s *site) retry(gate string, bodies []string) {
	left := s.ledger.unsettled(bodies)
	for deadline := time.Now().Add(3 * testkit.Patience); len(left) > 0; left = s.ledger.unsettled(left) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%d of %d deliveries do not pass; the last attempt got %d", len(left), len(bodies), s.deliver(gate, left[0]))
		}
		s.load(gate, 8, left)
		time.Sleep(50 * time.Millisecond)
	}
}

// memory returns a figure of Traefik's memory, in MiB.
func (s *site) memory(name string) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	_, rest, found := strings.Cut(string(text), name+":")
	if err != nil || !found {
		return 0
	}
	kilobytes := 0
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes >> 10
}

// end stops Traefik, which must not have ended before, and takes down its memory.
func (s *site) end() {
	if s.PID() == 0 || s.Gateway == nil {
		return
	}
	if s.peak == 0 {
		s.peak = s.memory("VmHWM")
		if s.Exited() {
			s.t.Errorf("Traefik has ended by itself")
		}
	}
	s.Stop()
}

// kill ends Traefik with SIGKILL.
func (s *site) kill() {
	s.peak = s.memory("VmHWM")
	s.Kill()
}

// lines returns the records on stdout of these Traefiks, once they have ended, and those
// in a file, where one is named.
func (t *trial) lines(file string, sites ...*site) []line {
	text := []byte{}
	for _, s := range sites {
		s.end()
		text = append(append(text, s.Stdout.String()...), '\n')
	}
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		text = append(text, content...)
	}
	lines, err := linesOf(text)
	if err != nil {
		t.Error(err)
	}
	return lines
}

// said waits until Traefik has said something on stderr.
func (s *site) said(text string) {
	testkit.Await(s.t, "stderr says "+text, func() bool { return len(s.Stderr.Lines(text)) > 0 })
}

// count returns numbers with what they count, in order.
func count(of map[int]int) string {
	keys := []int{}
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	words := []string{}
	for _, key := range keys {
		words = append(words, fmt.Sprintf("%d: %d", key, of[key]))
	}
	return strings.Join(words, ", ")
}

// slowest returns how long the slowest of some calls took.
func slowest(calls int, call func(n int)) time.Duration {
	longest := time.Duration(0)
	for n := range calls {
		since := time.Now()
		call(n)
		longest = max(longest, time.Since(since))
	}
	return longest
}
