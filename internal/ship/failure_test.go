package ship

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// rawServer answers each connection with a text, and closes it.
func rawServer(t *testing.T, text string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go answerRaw(listener, text)
	return listener.Addr().String()
}

func answerRaw(listener net.Listener, text string) {
	defer func() { _ = recover() }()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		// The whole request is read first: closing would reset the connection.
		request := make([]byte, 64<<10)
		n := 0
		for !bytes.Contains(request[:n], []byte(`5f1c-3`)) {
			got, err := conn.Read(request[n:])
			if err != nil {
				break
			}
			n += got
		}
		_, _ = io.WriteString(conn, text)
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = conn.Read(request)
		_ = conn.Close()
	}
}

// Nothing of what comes back is shown, whatever net/http makes of it.
func TestAnswersThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"": "closed the connection without an answer",
		"HTTP/1.1 200 OK\r\nContent-Length: secret\r\n\r\n":                                           "gave an answer that is none of HTTP",
		"HTTP/1.1 secret OK\r\n\r\n":                                                                  "gave an answer that is none of HTTP",
		"secret\r\n\r\n":                                                                              "gave an answer that is none of HTTP",
		"HTTP/1.1 200 OK\r\nsecret\r\n\r\n":                                                           "gave an answer that is none of HTTP",
		"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("secret", 20000):                                    "gave an answer that is none of HTTP",
		"HTTP/1.1 302 Found\r\nLocation: http://[secret\r\n\r\n":                                      "answered 302, a redirect, which is not followed",
		"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n":                                             "answered 302, a redirect, which is not followed",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, secret\r\n\r\n":                                  "gave an answer that is none of HTTP",
		"HTTP/1.1 503 secret\r\nContent-Length: 6\r\n\r\nsecret":                                      "answered 503",
		"HTTP/1.1 500 secret\r\nContent-Length: 600\r\n\r\nsecret":                                    "answered 500",
		"HTTP/1.1 400 \r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n": "answered 400, because it speaks https, not http",
	} {
		address := rawServer(t, text)
		s := newSender(t, Target{Type: "http", URL: "http://" + address + "/in?key=secret", Token: "secret"})
		expect(t, text, s, "http://"+address, "later 1 2 3: URL "+want)
	}
	// Cut off in the middle, where all of the answer counts.
	address := rawServer(t, "HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n"+`{"items":[]}`)
	s := newSender(t, Target{Type: "elasticsearch", URL: "http://" + address})
	expect(t, "truncated", s, "http://"+address, "later 1 2 3: URL/_bulk answered 200, but the answer is too large or not whole")
}

func TestNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	for _, kind := range []string{"http", "elasticsearch", "splunk", "otlp", "loki"} {
		s := newSender(t, Target{Type: kind, URL: "http://" + address + "/?key=secret", Token: "secret"})
		outcome := Send(s, three())
		if len(outcome.Later) != 3 || !strings.HasSuffix(outcome.Problem, " failed: dial: connect: connection refused") || strings.Contains(outcome.Problem, "secret") {
			t.Errorf("%s: %s", kind, told(outcome))
		}
	}
}

// newTLSReceiver returns a server that is silent about failed handshakes.
func newTLSReceiver(t *testing.T, config *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(io.Discard, nil), slog.LevelError) // log.New returns another type in interpreted code
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func trusting(server *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return pool
}

func TestCertificates(t *testing.T) {
	server := newTLSReceiver(t, nil)
	address := server.URL
	pool := trusting(server)
	for name, c := range map[string]struct {
		config *tls.Config
		want   string
	}{
		"good":         {&tls.Config{RootCAs: pool}, "taken"},
		"unknown":      {nil, "later 1 2 3: URL has a certificate of an authority that is not trusted"},
		"another host": {&tls.Config{RootCAs: pool, ServerName: "logs.example.org"}, "later 1 2 3: URL has a certificate for another host"},
		"another time": {&tls.Config{RootCAs: pool, Time: longAgo}, "later 1 2 3: URL has a certificate that has expired, or is not valid yet"},
	} {
		s := newSender(t, Target{Type: "http", URL: address, TLS: c.config})
		expect(t, name, s, address, c.want)
	}
	// One that wants a newer version.
	server = newTLSReceiver(t, &tls.Config{MinVersion: tls.VersionTLS13})
	s := newSender(t, Target{Type: "http", URL: server.URL, TLS: &tls.Config{RootCAs: trusting(server), MaxVersion: tls.VersionTLS12}})
	expect(t, "old", s, server.URL, "later 1 2 3: URL failed: remote error: tls: protocol version not supported")
	// One that asks for a certificate of ours.
	server = newTLSReceiver(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert})
	s = newSender(t, Target{Type: "http", URL: server.URL, TLS: &tls.Config{RootCAs: trusting(server)}})
	outcome := Send(s, three())
	if len(outcome.Later) != 3 || !strings.Contains(outcome.Problem, "tls: certificate required") {
		t.Error(told(outcome))
	}
	// One that speaks http.
	_, address = newReceiver(t)
	address = strings.Replace(address, "http:", "https:", 1)
	s = newSender(t, Target{Type: "http", URL: address})
	expect(t, "http", s, address, "later 1 2 3: URL speaks no TLS")
	// One that speaks https, and is asked with http.
	server = newTLSReceiver(t, nil)
	address = strings.Replace(server.URL, "https:", "http:", 1)
	for kind, path := range map[string]string{"http": "", "splunk": "/services/collector/event", "elasticsearch": "/_bulk"} {
		s = newSender(t, Target{Type: kind, URL: address, Token: "t"})
		expect(t, kind, s, address, "later 1 2 3: URL"+path+" answered 400, because it speaks https, not http")
	}
}

func longAgo() time.Time { return time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC) }
