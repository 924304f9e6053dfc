package stores

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestProxy(t *testing.T) {
	var arrived atomic.Int64
	page := strings.Repeat("0123456789", 1000)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived.Add(1)
		_, _ = io.WriteString(rw, page)
	}))
	defer server.Close()
	p := Proxy(t, server.URL)
	if got := p.URL("https://x:1/a?b=c"); got != "https://"+p.Address+"/a?b=c" {
		t.Error(got)
	}
	client := &http.Client{}
	// send returns the status, the reply and what went wrong.
	send := func() (int, string, error) {
		client.Timeout = patience
		request, err := http.NewRequest(http.MethodPost, p.URL(server.URL+"/x"), strings.NewReader("sent"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		return response.StatusCode, string(text), err
	}
	passes := func(after string) {
		t.Helper()
		before := arrived.Load()
		if status, text, err := send(); status != 200 || text != page || err != nil || arrived.Load() != before+1 {
			t.Errorf("after %s: %d, %d bytes, %v", after, status, len(text), err)
		}
	}
	passes("its start")
	passes("a request")
	if p.Accepted() != 1 {
		t.Errorf("%d connections for 2 requests", p.Accepted())
	}

	before := arrived.Load()
	p.Refuse()
	client.CloseIdleConnections()
	if _, _, err := send(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v", err)
	}
	p.Answer(503, http.Header{"Retry-After": {"7"}}, "<html>busy")
	if status, text, err := send(); status != 503 || text != "<html>busy" || err != nil {
		t.Errorf("answered: %d %q %v", status, text, err)
	}
	if response, err := http.Get(p.URL(server.URL)); err != nil || response.Header.Get("Retry-After") != "7" || response.Body.Close() != nil {
		t.Errorf("answered: %v %v", response, err)
	}
	if arrived.Load() != before {
		t.Error("the target has seen what was refused or answered")
	}
	p.Pass()
	passes("answers")

	// On the open connection.
	accepted := p.Accepted()
	p.Cut(5000)
	if status, text, err := send(); status != 200 || err == nil || len(text) == 0 || len(text) >= 5000 || !strings.HasPrefix(page, text) {
		t.Errorf("cut: %d %d bytes %v", status, len(text), err)
	}
	if p.Accepted() != accepted {
		t.Errorf("%d connections more", p.Accepted()-accepted)
	}
	p.Cut(0)
	if _, _, err := send(); err == nil {
		t.Error("cut before the first byte: no error")
	}
	p.Pass()
	passes("cuts")

	// 10,000 bytes and the header in chunks of 1000.
	p.Slow(1000, time.Millisecond)
	passes("slowness")
	p.Pass()
	passes("slowness")
}

func TestProxyHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	// An echo.
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(connection, connection)
				_ = connection.Close()
			}()
		}
	}()
	p := Proxy(t, listener.Addr().String())
	dial := func() net.Conn {
		connection, err := net.Dial("tcp", p.Address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		return connection
	}
	read := func(connection net.Conn, patience time.Duration) (string, error) {
		buffer := make([]byte, 4)
		_ = connection.SetReadDeadline(time.Now().Add(patience))
		_, err := io.ReadFull(connection, buffer)
		return string(buffer), err
	}
	old := dial()
	_, _ = io.WriteString(old, "old1")
	if got, err := read(old, patience); got != "old1" {
		t.Errorf("%q %v", got, err)
	}
	p.Hang()
	fresh := dial()
	_, _ = io.WriteString(old, "old2")
	_, _ = io.WriteString(fresh, "new1")
	for _, connection := range []net.Conn{old, fresh} {
		if got, err := read(connection, 50*time.Millisecond); err == nil {
			t.Errorf("hanging, it gave %q", got)
		}
	}
	p.Pass()
	if got, err := read(old, patience); got != "old2" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := read(fresh, patience); got != "new1" {
		t.Errorf("%q %v", got, err)
	}
	// So slow that nothing comes, until the delay is over.
	p.Slow(1, time.Hour)
	_, _ = io.WriteString(old, "old3")
	if got, err := read(old, 50*time.Millisecond); err == nil {
		t.Errorf("slow, it gave %q", got)
	}
	p.Slow(1, time.Millisecond)
	if got, err := read(old, patience); got != "old3" {
		t.Errorf("%q %v", got, err)
	}
	p.Pass()
	// Each Cut counts from its beginning.
	for _, text := range []string{"cut1", "cut2"} {
		p.Cut(6)
		_, _ = io.WriteString(old, text)
		if got, err := read(old, patience); got != text {
			t.Errorf("%q %v", got, err)
		}
	}
	_, _ = io.WriteString(old, "cut3")
	if got, err := read(old, patience); !errors.Is(err, io.ErrUnexpectedEOF) || got != "cu\x00\x00" {
		t.Errorf("cut: %q %v", got, err)
	}
	p.Pass()
	old = dial()
	// The new connection has come through.
	_, _ = io.WriteString(old, "old4")
	if got, err := read(old, patience); got != "old4" {
		t.Errorf("%q %v", got, err)
	}
	// What one side has said is handed on when it says no more.
	_, _ = io.WriteString(fresh, "end.")
	_ = fresh.(*net.TCPConn).CloseWrite()
	if got, err := read(fresh, patience); got != "end." {
		t.Errorf("%q %v", got, err)
	}
	if _, err := read(fresh, patience); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	p.Answer(http.StatusOK, nil, "")
	if _, err := read(old, patience); !errors.Is(err, io.EOF) {
		t.Errorf("answering, it keeps a connection: %v", err)
	}
	p.Hang()
	hung := dial()
	p.Refuse()
	if _, err := read(hung, patience); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("refusing, it keeps a connection: %v", err)
	}
	if _, err := net.Dial("tcp", p.Address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v", err)
	}
	p.Hang() // the test ends while it hangs
	dial()
}
