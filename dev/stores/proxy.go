package stores

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

// FaultProxy stands in front of a server and makes trouble, as long and as often
// as a test says. Pass, Hang, Slow and Cut hold for open connections too; Refuse
// and Answer close these.
type FaultProxy struct {
	// Address is where it listens.
	Address string

	t      testing.TB
	target string

	mu       sync.Mutex
	listener net.Listener // nil while it refuses
	now      fault
	changed  chan struct{} // closed when now changes
	open     map[net.Conn]bool
	accepted int
	ended    bool
	handlers sync.WaitGroup
}

// fault is what the proxy does.
type fault struct {
	kind  int
	size  int           // of a chunk, or of what is left of a reply
	delay time.Duration // before each chunk

	status int
	header http.Header
	body   string
}

const (
	pass = iota
	refuse
	hang
	slow
	cut
	answer
)

// Proxy runs a proxy in front of an address, or of the host of a URL, until the
// test ends. At first it passes everything.
func Proxy(t testing.TB, target string) *FaultProxy {
	t.Helper()
	if strings.Contains(target, "://") {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		target = u.Host
	}
	p := &FaultProxy{t: t, target: target, Address: "127.0.0.1:0", changed: make(chan struct{}), open: map[net.Conn]bool{}}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listen()
	t.Cleanup(func() {
		p.mu.Lock()
		p.ended = true
		p.closeListener()
		p.closeOpen()
		close(p.changed)
		p.mu.Unlock()
		p.handlers.Wait()
	})
	return p
}

// URL returns the URL with the proxy in place of its host.
func (p *FaultProxy) URL(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		p.t.Fatal(err)
	}
	u.Host = p.Address
	return u.String()
}

// Pass does nothing.
func (p *FaultProxy) Pass() { p.set(fault{kind: pass}) }

// Refuse refuses connections, as where nothing listens.
func (p *FaultProxy) Refuse() { p.set(fault{kind: refuse}) }

// Hang accepts connections, and holds back all bytes in both directions. What
// has come meanwhile is handed on when the proxy passes again.
func (p *FaultProxy) Hang() { p.set(fault{kind: hang}) }

// Slow hands bytes on in chunks of a size, each after a delay, in both
// directions.
func (p *FaultProxy) Slow(size int, delay time.Duration) {
	p.set(fault{kind: slow, size: max(1, size), delay: delay})
}

// Cut hands on as many bytes of each connection's replies, from now on, and then
// closes it.
func (p *FaultProxy) Cut(size int) { p.set(fault{kind: cut, size: size}) }

// Answer answers each HTTP request itself, in plain text, and closes the
// connection. The target sees nothing of it.
func (p *FaultProxy) Answer(status int, header http.Header, body string) {
	p.set(fault{kind: answer, status: status, header: header.Clone(), body: body})
}

// Say sends a text to all clients that are connected, in the target's name.
func (p *FaultProxy) Say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for connection := range p.open {
		_, _ = io.WriteString(connection, text)
	}
}

// Accepted returns how many connections there were so far.
func (p *FaultProxy) Accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

func (p *FaultProxy) set(f fault) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = f
	close(p.changed)
	p.changed = make(chan struct{})
	switch {
	case f.kind == refuse:
		p.closeListener()
		p.closeOpen()
	case p.listener == nil:
		p.listen()
	case f.kind == answer:
		p.closeOpen()
	}
}

// listen needs the lock.
func (p *FaultProxy) listen() {
	p.t.Helper()
	// While the proxy refused, an outgoing connection of anyone may have got its
	// port for a moment.
	var listener net.Listener
	testkit.Await(p.t, "the proxy's port "+p.Address+" is free", func() bool {
		var err error
		listener, err = net.Listen("tcp", p.Address)
		return err == nil
	})
	p.listener, p.Address = listener, listener.Addr().String()
	p.handlers.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if p.opened(connection) {
				p.handlers.Go(func() { p.serve(connection) })
			}
		}
	})
}

// closeListener needs the lock.
func (p *FaultProxy) closeListener() {
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}

// closeOpen needs the lock.
func (p *FaultProxy) closeOpen() {
	for connection := range p.open {
		_ = connection.Close()
	}
}
