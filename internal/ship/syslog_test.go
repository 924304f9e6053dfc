package ship

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
)

// collector is a syslog server over TCP or TLS.
type collector struct {
	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
	text     string // all that has come, over all connections
	deaf     bool   // reads nothing
}

func newCollector(t *testing.T, config *tls.Config) (*collector, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	c := &collector{listener: listener}
	t.Cleanup(func() {
		_ = listener.Close()
		closeAll(c)
	})
	go collect(c)
	return c, address
}

func collect(c *collector) {
	defer func() { _ = recover() }()
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		deaf := c.deaf
		c.mu.Unlock()
		if !deaf {
			go collectFrom(c, conn)
		}
	}
}

func collectFrom(c *collector, conn net.Conn) {
	defer func() { _ = recover() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		c.mu.Lock()
		c.text += string(buffer[:n])
		c.mu.Unlock()
		if err != nil {
			_ = conn.Close()
			return
		}
	}
}

func closeAll(c *collector) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}

func connections(c *collector) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.conns)
}

// has waits until a collector has got as much as it should have, and compares.
func has(t *testing.T, c *collector, want string) {
	t.Helper()
	await.Until(t, "the messages arrive", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.text) >= len(want)
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text != want {
		t.Errorf("\n got %q\nwant %q", c.text, want)
	}
	c.text = ""
}

// messages are the three records as messages, the first number of whose priority
// is that of a facility.
func messages(facility int) []string {
	rest := " gate hookward " + strconv.Itoa(os.Getpid()) + " audit - "
	return []string{
		"<" + strconv.Itoa(facility*8+6) + ">1 2026-11-25T01:50:44.123456Z" + rest + first,
		"<" + strconv.Itoa(facility*8+4) + ">1 2026-11-25T01:50:45.000000Z" + rest + second,
		"<" + strconv.Itoa(facility*8+6) + ">1 2026-11-25T01:50:46.500000Z" + rest + third,
	}
}

func counting(texts []string) string {
	counted := ""
	for _, text := range texts {
		counted += strconv.Itoa(len(text)) + " " + text
	}
	return counted
}

func TestSyslogOverTCP(t *testing.T) {
	c, address := newCollector(t, nil)
	s := newSender(t, Target{Type: "syslog", URL: "tcp://" + address, Host: "gate"})
	expect(t, "first", s, address, "taken")
	has(t, c, counting(messages(16)))
	expect(t, "on the same connection", s, address, "taken")
	has(t, c, counting(messages(16)))
	if n := connections(c); n != 1 {
		t.Errorf("%d connections", n)
	}
	// The server restarts: nothing is written to where nobody reads.
	closeAll(c)
	expect(t, "after a restart", s, address, "taken")
	has(t, c, counting(messages(16)))
	if n := connections(c); n != 2 {
		t.Errorf("%d connections", n)
	}
	_ = c.listener.Close()
	closeAll(c)
	expect(t, "gone", s, address, "later 1 2 3: tcp://URL failed: dial: connect: connection refused")
	expect(t, "still gone", s, address, "later 1 2 3: tcp://URL failed: dial: connect: connection refused")
	Close(s)
	expect(t, "closed", s, address, "later 1 2 3: tcp://URL was left, because the sender was closed")
}

// What is without a time, or has a host's name that can't be one.
func TestSyslogNil(t *testing.T) {
	c, address := newCollector(t, nil)
	s := newSender(t, Target{Type: "syslog", URL: "tcp://" + address, Host: "my gate", Facility: "audit"})
	if got := told(Send(s, [][]byte{[]byte(`{"a":"é"}`)})); got != "taken" {
		t.Error(got)
	}
	has(t, c, counting([]string{"<110>1 - - hookward " + strconv.Itoa(os.Getpid()) + ` audit - {"a":"é"}`}))
}

// A server that reads nothing fills the buffers between.
func TestSyslogToTheDeaf(t *testing.T) {
	c, address := newCollector(t, nil)
	c.mu.Lock()
	c.deaf = true
	c.mu.Unlock()
	s := newSender(t, Target{Type: "syslog", URL: "tcp://" + address, Timeout: 200 * time.Millisecond})
	large := []byte(`{"event.id":"5f1c-9","a":"` + strings.Repeat("x", 16<<20) + `"}`)
	if got := shortened(told(Send(s, [][]byte{large})), address); got != "later 9: tcp://URL did not take the records within 200ms" {
		t.Error(got)
	}
}

// resetting is a server that closes a connection with what it has not read.
func resetting(listener net.Listener) {
	defer func() { _ = recover() }()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Read(make([]byte, 1))
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
}

func TestSyslogReset(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go resetting(listener)
	address := listener.Addr().String()
	s := newSender(t, Target{Type: "syslog", URL: "tcp://" + address})
	outcome := Send(s, three())
	if len(outcome.Later) != 3 || !strings.Contains(outcome.Problem, "reset by peer") && !strings.Contains(outcome.Problem, "broken pipe") {
		t.Error(told(outcome))
	}
}

func TestSyslogOverTLS(t *testing.T) {
	server := newTLSReceiver(t, nil) // for its certificate
	c, address := newCollector(t, &tls.Config{Certificates: server.TLS.Certificates})
	for name, config := range map[string]*tls.Config{
		"unknown": nil, "another host": {RootCAs: trusting(server), ServerName: "logs.example.org"},
	} {
		s := newSender(t, Target{Type: "syslog", URL: "tls://" + address, TLS: config})
		outcome := Send(s, three())
		if len(outcome.Later) != 3 || !strings.Contains(outcome.Problem, " has a certificate ") {
			t.Errorf("%s: %s", name, told(outcome))
		}
	}
	s := newSender(t, Target{Type: "syslog", URL: "tls://" + address, TLS: &tls.Config{RootCAs: trusting(server)}, Host: "gate", Facility: "auth"})
	for i := 0; i < 3; i++ {
		expect(t, "good", s, address, "taken")
		has(t, c, counting(messages(4)))
	}
	if n := connections(c); n != 3 { // with those that did not trust it
		t.Errorf("%d connections", n)
	}
	closeAll(c)
	expect(t, "after a restart", s, address, "taken")
	has(t, c, counting(messages(4)))
	// With TLS 1.3 a client learns only after its handshake that it is not let in.
	_, address = newCollector(t, &tls.Config{Certificates: server.TLS.Certificates, ClientAuth: tls.RequireAnyClientCert})
	s = newSender(t, Target{Type: "syslog", URL: "tls://" + address, TLS: &tls.Config{RootCAs: trusting(server)}})
	outcome := Send(s, three())
	if len(outcome.Later) != 3 || !strings.Contains(outcome.Problem, "certificate required") {
		t.Error(told(outcome))
	}
}

func TestSyslogOverUDP(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := conn.LocalAddr().String()
	s := newSender(t, Target{Type: "syslog", URL: "udp://" + address, Host: "gate", Facility: "local7"})
	batch := three()
	batch = append(batch[:1], []byte(`{"event.id":"5f1c-9","a":"`+strings.Repeat("x", 60_000)+`"}`), batch[1], batch[2])
	if got := told(Send(s, batch)); got != "refused 9: 1 record of more than 60000 bytes can't be sent over UDP" {
		t.Error(got)
	}
	buffer := make([]byte, 64<<10)
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for _, want := range messages(23) {
		n, _, err := conn.ReadFrom(buffer)
		if err != nil || string(buffer[:n]) != want {
			t.Errorf("%v, %q", err, buffer[:n])
		}
	}
	large := []byte(`{"a":"` + strings.Repeat("x", 60_000-8) + `"}`)
	if got := told(Send(s, [][]byte{large})); got != "taken" {
		t.Error(got)
	}
	n, _, err := conn.ReadFrom(buffer)
	if err != nil || !strings.HasSuffix(string(buffer[:n]), " - "+string(large)) {
		t.Errorf("%v, %d bytes", err, n)
	}
	// Where nobody listens, the network says so.
	_ = conn.Close()
	outcome := Send(s, batch)
	if told(outcome) != "later 1 2 3, refused 9: 1 record of more than 60000 bytes can't be sent over UDP; udp://"+address+" failed: write: write: connection refused" &&
		told(outcome) != "later 1 2 3, refused 9: 1 record of more than 60000 bytes can't be sent over UDP; udp://"+address+" failed: read: read: connection refused" {
		t.Error(told(outcome))
	}
}

// A peer that closes after it has read all has taken all.
func TestSyslogPoliteEnd(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	got := make(chan string, 2)
	go readTwice(listener, got)
	s := newSender(t, Target{Type: "syslog", URL: "tcp://" + listener.Addr().String(), Host: "gate"})
	for i := 0; i < 2; i++ {
		expect(t, "one connection each", s, listener.Addr().String(), "taken")
		if text := <-got; text != counting(messages(16)) {
			t.Errorf("%q", text)
		}
	}
}

func readTwice(listener net.Listener, got chan string) {
	defer func() { _ = recover() }()
	for i := 0; i < 2; i++ {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		buffer := make([]byte, len(counting(messages(16))))
		_, _ = io.ReadFull(conn, buffer)
		_ = conn.Close()
		got <- string(buffer)
	}
}
