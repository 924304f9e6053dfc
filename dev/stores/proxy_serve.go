package stores

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// opened counts a connection that has been accepted. One that comes when the
// proxy refuses already is closed.
func (p *FaultProxy) opened(connection net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.now.kind == refuse {
		_ = connection.Close()
		return false
	}
	p.accepted++
	p.open[connection] = true
	return true
}

func (p *FaultProxy) close(connection net.Conn) {
	_ = connection.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, connection)
}

// current returns what the proxy does, once it does not hang, and a channel that
// is closed when that changes.
func (p *FaultProxy) current() (fault, chan struct{}, error) {
	for {
		p.mu.Lock()
		f, changed, ended := p.now, p.changed, p.ended
		p.mu.Unlock()
		if ended {
			return f, changed, errors.New("the test has ended")
		}
		if f.kind != hang {
			return f, changed, nil
		}
		<-changed
	}
}

func (p *FaultProxy) serve(client net.Conn) {
	defer p.close(client)
	f, _, err := p.current()
	if err != nil {
		return
	}
	if f.kind == answer {
		answerHTTP(client, f)
		return
	}
	server, err := net.DialTimeout("tcp", p.target, patience)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	ends := make(chan error, 2)
	p.handlers.Go(func() { ends <- p.pipe(server, client, false) })
	p.handlers.Go(func() { ends <- p.pipe(client, server, true) })
	// One side may go on when the other has said all. After a fault neither does.
	if err := <-ends; err == nil {
		<-ends
	}
}

// pipe hands bytes on until the source has no more.
func (p *FaultProxy) pipe(to, from net.Conn, reply bool) error {
	buffer := make([]byte, 32<<10)
	var since chan struct{}
	sent := 0 // since the proxy cuts
	for {
		n, readErr := from.Read(buffer)
		for rest := buffer[:n]; len(rest) > 0; {
			f, changed, err := p.current()
			if err != nil {
				return err
			}
			if changed != since {
				since, sent = changed, 0
			}
			chunk := rest
			switch f.kind {
			case refuse, answer:
				return net.ErrClosed // as the connection is about to be
			case slow:
				chunk = rest[:min(f.size, len(rest))]
				select {
				case <-time.After(f.delay):
				case <-changed:
				}
			case cut:
				if reply {
					chunk = rest[:min(f.size-sent, len(rest))]
					sent += len(chunk)
				}
			}
			if _, err := to.Write(chunk); err != nil {
				return err
			}
			if f.kind == cut && reply && sent == f.size {
				_ = to.Close()
				return io.ErrUnexpectedEOF
			}
			rest = rest[len(chunk):]
		}
		if errors.Is(readErr, io.EOF) {
			return to.(*net.TCPConn).CloseWrite()
		}
		if readErr != nil {
			return readErr
		}
	}
}

// answerHTTP answers one request.
func answerHTTP(client net.Conn, f fault) {
	request, err := http.ReadRequest(bufio.NewReader(client))
	if err != nil {
		return
	}
	// All of it: a client that is still writing when its connection is closed
	// may see no answer.
	if _, err := io.Copy(io.Discard, request.Body); err != nil {
		return
	}
	response := &http.Response{
		StatusCode: f.status, ProtoMajor: 1, ProtoMinor: 1, Request: request, Header: f.header, Close: true,
		ContentLength: int64(len(f.body)), Body: io.NopCloser(strings.NewReader(f.body)),
	}
	_ = response.Write(client)
}
