package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
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

// crowd are senders from one address, each of which sends all of a body but its end.
type crowd struct {
	refused, other atomic.Int64 // those who were answered 503, or otherwise
	gone           sync.WaitGroup
	mu             sync.Mutex
	connections    []net.Conn
}

// stall has a crowd of senders come, and returns once each has sent what it has, or was
// refused.
func (s *site) stall(t *testing.T, from string, senders, size int) *crowd {
	t.Helper()
	c := &crowd{}
	body := strings.Repeat("x", size-1)
	slots := make(chan struct{}, 32)
	arrived := sync.WaitGroup{}
	for range senders {
		path := s.path("gh")
		arrived.Add(1)
		c.gone.Add(1)
		go func() {
			defer c.gone.Done()
			slots <- struct{}{}
			connection, err := dialFrom(from, s.URL)
			if err != nil {
				t.Error(err)
				<-slots
				arrived.Done()
				return
			}
			c.mu.Lock()
			c.connections = append(c.connections, connection)
			c.mu.Unlock()
			answers := make(chan *http.Response, 1)
			go func() {
				response, err := http.ReadResponse(bufio.NewReader(connection), nil)
				if err == nil && response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "30" {
					c.refused.Add(1)
				} else if err == nil {
					c.other.Add(1)
				}
				answers <- response
			}()
			_, _ = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: %d\r\n%s\r\n\r\n%s", path, size, helloSignature, body)
			select {
			case <-answers:
			case <-time.After(200 * time.Millisecond):
			}
			<-slots
			arrived.Done()
		}()
	}
	arrived.Wait()
	return c
}

// leave ends all connections of a crowd.
func (c *crowd) leave() {
	c.gone.Wait()
	for _, connection := range c.connections {
		_ = connection.Close()
	}
}

func dialFrom(from, url string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	return d.Dial("tcp", strings.TrimPrefix(url, "http://"))
}

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
	c := s.stall(t, "127.0.0.2", senders, size)
	if refused := c.refused.Load(); refused < int64(senders)/4 || c.other.Load() > 0 {
		t.Errorf("of %d that stall, %d were refused for want of memory, and %d got other answers", senders, refused, c.other.Load())
	}
	for _, body := range []string{hello, strings.Repeat("y", 300_000), strings.Repeat("z", 2<<20)} {
		if status := s.passesFrom(t, "127.0.0.3", body); status != http.StatusOK {
			t.Errorf("meanwhile a delivery of %d bytes from elsewhere gets %d", len(body), status)
		}
	}
	t.Logf("%d bodies of %d bytes that stall: %d MiB before, %d now, %d at most; %d refused", senders, size, before, s.memory(t, "VmRSS"), s.memory(t, "VmHWM"), c.refused.Load())
	c.leave()
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
	group, limit := "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		group, limit = "/sys/fs/cgroup", "memory.max"
	}
	group = filepath.Join(group, fmt.Sprintf("hookward-%d", os.Getpid()))
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skip("a control group of its own, which takes root:", err)
	}
	t.Cleanup(func() { _ = os.Remove(group) })
	if err := os.WriteFile(filepath.Join(group, limit), []byte("536870912"), 0o644); err != nil {
		t.Skip("a control group with a limit of memory:", err)
	}
	script := filepath.Join(t.TempDir(), "traefik")
	text := fmt.Sprintf("#!/bin/sh\necho $$ > %s/cgroup.procs && exec %s \"$@\"\n", group, binary)
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	whole := binary
	binary = script
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
