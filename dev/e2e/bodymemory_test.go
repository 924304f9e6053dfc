package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// memory returns a figure of a process's memory, in MiB.
func (s *site) memory(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), name+":")
	kilobytes := 0
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes >> 10
}

// passesFrom sends a delivery from an address of its own, and returns the status.
func (s *site) passesFrom(t *testing.T, from, body string) int {
	t.Helper()
	client := &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext}}
	response, err := client.Do(s.request("gh", body, signed(secret, body)))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

// crowded has a crowd stall at a Traefik, and checks that another source is served all
// the while, and the first one again afterwards.
func crowded(t *testing.T, s *site, senders, size int) {
	before := s.memory(t, "VmRSS")
	c := testkit.Stall(t, s.URL, "127.0.0.2", senders, size, func() string { return s.path("gh") })
	if refused := c.Refused.Load(); refused < int64(senders)/4 || c.Other.Load() > 0 {
		t.Errorf("of %d that stall, %d were refused for want of memory, and %d got other answers", senders, refused, c.Other.Load())
	}
	for _, body := range []string{hello, strings.Repeat("y", 300_000), strings.Repeat("z", 2<<20)} {
		if status := s.passesFrom(t, "127.0.0.3", body); status != http.StatusOK {
			t.Errorf("meanwhile a delivery of %d bytes from elsewhere gets %d", len(body), status)
		}
	}
	t.Logf("%d bodies of %d bytes that stall: %d MiB before, %d now, %d at most; %d refused", senders, size, before, s.memory(t, "VmRSS"), s.memory(t, "VmHWM"), c.Refused.Load())
	c.Leave()
	testkit.Await(t, "the memory of those who have gone", func() bool {
		return s.passesFrom(t, "127.0.0.2", strings.Repeat("z", 4<<20)) == http.StatusOK
	})
}

// TestBodyMemory has senders stall with more than all bodies may hold.
func TestBodyMemory(t *testing.T) {
	for name, c := range map[string]struct{ senders, size int }{"many": {800, 1 << 20}, "large": {40, 25 << 20}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil, []gate{{name: "gh", options: `{provider: github, secrets: ["env:GH"], maxBodyMemoryBytes: 67108864, bodyTimeout: 60s}`}}, gateway.Settings{})
			crowded(t, s, c.senders, c.size)
			refused := 0
			for _, r := range s.records(t, "") {
				if r.Reason == "memory_unavailable" {
					refused++
				}
			}
			if refused == 0 {
				t.Error("no record says memory_unavailable")
			}
		})
	}
}

// TestBodyMemoryOfContainer has them stall at a Traefik in a control group of 512 MiB, of
// whose options none says so.
func TestBodyMemoryOfContainer(t *testing.T) {
	group := testkit.NewControlGroup(t, 512<<20)
	whole := binary
	binary = group.Wrap(t, binary)
	t.Cleanup(func() { binary = whole })
	for name, c := range map[string]struct{ senders, size int }{"many": {800, 1 << 20}, "large": {40, 25 << 20}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil, []gate{{name: "gh", options: `{provider: github, secrets: ["env:GH"], bodyTimeout: 60s}`}}, gateway.Settings{})
			crowded(t, s, c.senders, c.size)
			if s.Exited() {
				t.Error("Traefik has ended")
			}
		})
	}
}
