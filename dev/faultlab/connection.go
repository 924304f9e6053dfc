package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

// Connections that say nothing, or too little, cost memory that is not counted.
var connectionCases = []faultCase{
	{"connections: 4000 silent", func(t *trial) { idle(t, 4000, "") }},
	{"connections: 2000 stall, HTTP/1.1", func(t *trial) {
		idle(t, 2000, fmt.Sprintf("POST /gh/idle HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nX-Hub-Signature-256: sha256=%064d\r\n\r\nx", 0))
	}},
	{"connections: 1000 stall, HTTP/2", func(t *trial) { idleStreams(t, 1000, 1) }},
	{"connections: 1000 streams of 10 stall", func(t *trial) { idleStreams(t, 10, 100) }},
}

// patient gives slow senders the time to come.
var patient = map[string]string{"gh": fmt.Sprintf(github, ", bodyTimeout: 120s")}

// needFiles skips the case where a process may not have so many files open.
func needFiles(t *trial, count int) {
	limit := syscall.Rlimit{}
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max < uint64(count+500) {
		t.Skipf("a process may have %d files open here, and this takes %d: ulimit -Hn", limit.Max, count+500)
	}
}

// idle opens connections, and sends what is said to be sent on each.
func idle(t *trial, connections int, text string) {
	needFiles(t, connections)
	l := newLedger()
	s := start(t, l, patient, nil)
	s.load("gh", 8, news(500))
	before := s.settledMemory()
	open := []net.Conn{}
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
	}()
	for range connections {
		c, err := testkit.DialFrom("127.0.0.2", s.URL)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
	}
	s.weigh(before, connections)
}

// weigh reports what each of some connections costs, and delivers meanwhile.
func (s *site) weigh(before, each int) {
	after := s.settledMemory()
	longest := slowest(20, func(int) {
		if status := s.deliver("gh", news(1)[0]); status != http.StatusOK {
			s.t.Errorf("a delivery gets %d meanwhile", status)
		}
	})
	s.t.figure("%d MiB before, %d with them: %d KiB each; the slowest delivery meanwhile %d ms", before, after, (after-before)<<10/each, longest.Milliseconds())
	s.ledger.sum(s.t.lines("", s)).check(s.t, promise{})
}

// settledMemory waits until Traefik's memory has nearly stopped changing, or for as long as
// anybody waits, and returns it.
func (s *site) settledMemory() int {
	last, same := s.memory("VmRSS"), 0
	for deadline := time.Now().Add(20 * time.Second); same < 5 && time.Now().Before(deadline); {
		time.Sleep(200 * time.Millisecond)
		now := s.memory("VmRSS")
		if same++; now < last-1 || now > last+1 {
			last, same = now, 0
		}
	}
	return last
}

// idleStreams opens connections in HTTP/2, with as many requests in each that stall.
func idleStreams(t *trial, connections, streams int) {
	needFiles(t, connections)
	l := newLedger()
	s := start(t, l, patient, nil)
	s.load("gh", 8, news(500))
	before := s.settledMemory()
	ends := []io.Closer{}
	defer func() {
		for _, e := range ends {
			_ = e.Close()
		}
	}()
	var answered atomic.Int64
	for range connections {
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, IdleConnTimeout: time.Minute}
		defer transport.CloseIdleConnections()
		if !s.opensHTTP2(transport) {
			t.Fatalf("no HTTP/2")
		}
		var sent sync.WaitGroup
		for range streams {
			reader, writer := io.Pipe()
			ends = append(ends, writer)
			r, err := http.NewRequest(http.MethodPost, s.TLSURL+"/gh/idle", reader)
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = 2
			r.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
			go func() {
				if response, err := transport.RoundTrip(r); err == nil {
					answered.Add(1)
					_ = response.Body.Close()
				}
			}()
			sent.Go(func() { _, _ = writer.Write([]byte("x")) })
		}
		sent.Wait()
	}
	if n := answered.Load(); n > 0 {
		t.Errorf("%d are answered at once", n)
	}
	s.weigh(before, connections*streams)
}

// opensHTTP2 has a transport open its connection, and says whether it speaks HTTP/2.
func (s *site) opensHTTP2(transport *http.Transport) bool {
	r, err := http.NewRequest(http.MethodGet, s.TLSURL+"/nothing", nil)
	if err != nil {
		return false
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		s.t.Error(err)
		return false
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.Body.Close() == nil && response.ProtoMajor == 2
}
