package testkit

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Crowd are senders from one address, each of which sends all of a body but its end.
type Crowd struct {
	// Refused were answered 503 with Retry-After, Other otherwise.
	Refused, Other atomic.Int64

	gone        sync.WaitGroup
	mu          sync.Mutex
	connections []net.Conn
}

// Stall has a crowd come, and returns once each has sent what it has, or was refused. The
// signature of a body of size bytes is any. Each asks for a path of its own.
func Stall(t testing.TB, url, from string, senders, size int, path func() string) *Crowd {
	t.Helper()
	c := &Crowd{}
	body := strings.Repeat("x", size-1)
	slots := make(chan struct{}, 32)
	arrived := sync.WaitGroup{}
	for range senders {
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: %d\r\nX-Hub-Signature-256: sha256=%064d\r\n\r\n", path(), size, 0)
		c.gone.Add(1)
		arrived.Go(func() {
			defer c.gone.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			connection, err := DialFrom(from, url)
			if err != nil {
				t.Error(err)
				return
			}
			c.mu.Lock()
			c.connections = append(c.connections, connection)
			c.mu.Unlock()
			answered := make(chan struct{})
			go func() {
				defer close(answered)
				response, err := http.ReadResponse(bufio.NewReader(connection), nil)
				if err != nil {
					return
				}
				if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "30" {
					c.Refused.Add(1)
				} else {
					c.Other.Add(1)
				}
			}()
			_, _ = fmt.Fprint(connection, head, body)
			select {
			case <-answered:
			case <-time.After(200 * time.Millisecond):
			}
		})
	}
	arrived.Wait()
	return c
}

// Leave ends all connections of a crowd.
func (c *Crowd) Leave() {
	c.gone.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, connection := range c.connections {
		_ = connection.Close()
	}
}

// DialFrom connects from an address to the host of a URL.
func DialFrom(from, url string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	return d.Dial("tcp", strings.TrimPrefix(url, "http://"))
}
