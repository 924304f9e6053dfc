package resp

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/fakeredis"
)

// pretender is a server that answers each command as a test says.
type pretender struct {
	mu       sync.Mutex
	answer   func(command []string) string
	commands []string
	conns    []net.Conn
	accepted int64
	cluster  string // what is answered to who asks for that; nothing: it may not be asked for
}

func pretend(t *testing.T, answer func(command []string) string) (*pretender, string) {
	t.Helper()
	p := &pretender{answer: answer}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go accept(p, listener)
	return p, listener.Addr().String()
}

func accept(p *pretender, listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		atomic.AddInt64(&p.accepted, 1)
		p.mu.Lock()
		p.conns = append(p.conns, conn)
		p.mu.Unlock()
		go converse(p, conn)
	}
}

func converse(p *pretender, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		command, err := fakeredis.ReadCommand(r)
		if err != nil {
			return
		}
		if len(command) == 2 && command[1] == "cluster" {
			p.mu.Lock()
			text := p.cluster
			p.mu.Unlock()
			if text == "" {
				text = "-NOPERM\r\n"
			}
			_, _ = io.WriteString(conn, text)
			continue
		}
		p.mu.Lock()
		p.commands = append(p.commands, command[0])
		answer := p.answer
		p.mu.Unlock()
		text := answer(command)
		if text == "hang up" {
			return
		}
		if strings.HasPrefix(text, ":") && strings.Index(text, "\r\n") == len(text)-2 {
			// A number, as our scripts answer with it.
			text = "+" + command[len(command)-1] + " " + text[1:]
		}
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
	}
}

func setAnswer(p *pretender, answer func(command []string) string) {
	p.mu.Lock()
	p.answer = answer
	p.commands = nil
	p.mu.Unlock()
}

func spoken(p *pretender) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.commands, " ")
}

// patience is longer than a busy machine keeps an answer back.
const patience = 10 * time.Second

// impatient lets a client wait for no answer that does not come.
func impatient(c *Client) {
	c.options.ReadTimeout = 100 * time.Millisecond
}

func newTestClient(endpoints ...string) (*Client, *[]string) {
	said := &[]string{}
	var mu sync.Mutex
	c := NewClient(Options{Endpoints: endpoints, DialTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, PoolSize: 4, Without: "limits and replays are this Traefik's alone meanwhile"},
		func(level, message string, _ time.Time) {
			mu.Lock()
			*said = append(*said, level+": "+message)
			mu.Unlock()
		})
	return c, said
}
