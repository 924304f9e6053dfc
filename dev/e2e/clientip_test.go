package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// clientFrom returns a client whose connections come from an address of the
// loopback network, all of which belong to this machine.
func clientFrom(t *testing.T, address string, http2 bool) *http.Client {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: testkit.Patience}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: http2}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: testkit.Patience}
}

// deliver sends GitHub's example to a gate, through any server.
func (s *site) deliver(t *testing.T, client *http.Client, server, gate string, lines ...string) *answer {
	t.Helper()
	r := s.request(gate, hello, append(lines, helloSignature)...)
	address, err := http.NewRequest(http.MethodPost, server+r.URL.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.URL, r.Host = address.URL, ""
	return exchange(t, client, r)
}

// spoofs are all that a stranger may send to be somebody else.
var spoofs = []string{
	"X-Forwarded-For: 198.51.100.7", "X-Real-Ip: 198.51.100.7", "CF-Connecting-IP: 198.51.100.7", "True-Client-IP: 198.51.100.7", "Forwarded: for=198.51.100.7",
	"X-Client-IP: 198.51.100.7", "X_Forwarded_For: 198.51.100.7", "x-forwarded-for: 198.51.100.7", "Cf-Connecting-IP: 198.51.100.7", "Connection: X-Forwarded-For, X-Real-Ip",
}

// A proxy stands in front of Traefik, which trusts it, and lets nobody else say
// who they are. The client's address is what the record says, and what the allow
// list of each gate has.
func TestClientBehindAProxy(t *testing.T) {
	const proxy = "127.0.0.9"
	allow := `, allowlist: {sourceRange: [127.0.0.5, "2001:db8:1::/48"]}}`
	gates := []gate{
		{name: "peer", options: `{provider: github, secrets: ["env:GH"]` + allow},
		{name: "depth", options: `{provider: github, secrets: ["env:GH"], ipStrategy: {depth: 1}` + allow},
		{name: "depth2", options: `{provider: github, secrets: ["env:GH"], ipStrategy: {depth: 2}` + allow},
		{name: "excluded", options: `{provider: github, secrets: ["env:GH"], ipStrategy: {excludedIPs: [10.0.0.0/8]}` + allow},
		{name: "cloudflare", options: `{provider: github, secrets: ["env:GH"], ipStrategy: {header: CF-Connecting-IP, trustedIPs: [` + proxy + `]}` + allow},
		{name: "realip", options: `{provider: github, secrets: ["env:GH"], ipStrategy: {header: X-Real-Ip, trustedIPs: [` + proxy + `]}` + allow},
		{name: "nosuch", options: `{provider: github, secrets: ["env:GH"], ipStrategy: {header: True-Client-IP, trustedIPs: [` + proxy + `]}` + allow},
		{name: "subnet", options: `{provider: github, secrets: ["env:GH"], ipStrategy: {depth: 1, ipv6Subnet: 64}` + allow},
	}
	s := start(t, nil, gates, gateway.Settings{EntryPoint: "forwardedHeaders: {trustedIPs: [" + proxy + "]}"})
	front := startNginx(t, `
  server {
    listen ADDRESS;
    location / {
      proxy_pass `+s.URL+`;
      proxy_bind `+proxy+`;
      proxy_http_version 1.1;
      proxy_set_header Host hooks.example.com;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Real-Ip $remote_addr;
      proxy_set_header CF-Connecting-IP $remote_addr;
    }
  }`)
	near, far := clientFrom(t, "127.0.0.5", false), clientFrom(t, "127.0.0.6", false)
	seen := func(t *testing.T, a *answer, client, source string) {
		t.Helper()
		r := s.record(t, a.path)
		if r.Client != client || r.Source != source {
			t.Errorf("%s: client %q, source %q, want %q and %q", a.path, r.Client, r.Source, client, source)
		}
	}

	t.Run("through the proxy", func(t *testing.T) {
		for _, gate := range []string{"depth", "excluded", "cloudflare", "realip", "subnet"} {
			a := s.deliver(t, near, "http://"+front.address, gate)
			s.passed(t, a)
			seen(t, a, "127.0.0.5", proxy)
			a = s.deliver(t, far, "http://"+front.address, gate)
			s.refused(t, a, http.StatusForbidden, "client_not_allowed")
			seen(t, a, "127.0.0.6", proxy)
			// The proxy appends to what a stranger sends, and replaces the rest.
			a = s.deliver(t, far, "http://"+front.address, gate, "X-Forwarded-For: 127.0.0.5", "X-Real-Ip: 127.0.0.5", "CF-Connecting-IP: 127.0.0.5")
			s.refused(t, a, http.StatusForbidden, "client_not_allowed")
			seen(t, a, "127.0.0.6", proxy)
		}
		a := s.deliver(t, near, "http://"+front.address, "depth2")
		s.refused(t, a, http.StatusForbidden, "client_undetermined")
		seen(t, a, "", proxy)
		a = s.deliver(t, near, "http://"+front.address, "nosuch")
		s.refused(t, a, http.StatusForbidden, "client_undetermined")
		a = s.deliver(t, near, "http://"+front.address, "peer")
		s.refused(t, a, http.StatusForbidden, "client_not_allowed")
		seen(t, a, proxy, proxy)
	})

	t.Run("past the proxy", func(t *testing.T) {
		for _, c := range []struct {
			name   string
			server string
			http2  bool
		}{{"HTTP/1.1", s.URL, false}, {"HTTP/2", s.TLSURL, true}} {
			spoofer, honest := clientFrom(t, "127.0.0.6", c.http2), clientFrom(t, "127.0.0.5", c.http2)
			lines := []string{}
			for _, line := range spoofs {
				if !c.http2 || !strings.HasPrefix(line, "Connection:") {
					lines = append(lines, strings.ReplaceAll(line, "198.51.100.7", "127.0.0.5"))
				}
			}
			for _, gate := range []string{"peer", "cloudflare", "realip"} {
				a := s.deliver(t, spoofer, c.server, gate, lines...)
				s.refused(t, a, http.StatusForbidden, "client_not_allowed")
				seen(t, a, "127.0.0.6", "127.0.0.6")
				a = s.deliver(t, honest, c.server, gate)
				s.passed(t, a)
				seen(t, a, "127.0.0.5", "127.0.0.5")
				if want := map[bool]int{true: 2, false: 1}[c.http2]; a.ProtoMajor != want {
					t.Errorf("%s: HTTP/%d", c.name, a.ProtoMajor)
				}
			}
			// Traefik has taken the header away.
			for _, gate := range []string{"depth", "excluded"} {
				s.refused(t, s.deliver(t, spoofer, c.server, gate, lines...), http.StatusForbidden, "client_undetermined")
			}
		}
	})

	t.Run("from the proxy", func(t *testing.T) {
		trusted := clientFrom(t, proxy, false)
		for _, c := range []struct {
			gate   string
			lines  []string
			reason string // empty: it passes
			client string
		}{
			{"depth", []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 127.0.0.5"}, "", "127.0.0.5"},
			{"depth", []string{"X-Forwarded-For: 127.0.0.5", "X-Forwarded-For: 198.51.100.7"}, "client_not_allowed", "198.51.100.7"},
			{"depth2", []string{"X-Forwarded-For: 198.51.100.7, 127.0.0.5", "X-Forwarded-For: 198.51.100.9"}, "", "127.0.0.5"},
			{"depth", []string{"X-Forwarded-For: 2001:DB8:1::7"}, "", "2001:db8:1::7"},
			{"depth", []string{"X-Forwarded-For: [2001:db8:1::7]:443"}, "", "2001:db8:1::7"},
			{"depth", []string{"X-Forwarded-For: ::ffff:127.0.0.5"}, "", "127.0.0.5"},
			{"depth", []string{"X-Forwarded-For: 127.0.0.5:80"}, "", "127.0.0.5"},
			{"depth", []string{"X-Forwarded-For: 127.0.0.5 "}, "", "127.0.0.5"},
			{"depth", []string{"X-Forwarded-For: 127.0.0.5."}, "client_undetermined", ""},
			{"depth", []string{"X-Forwarded-For: localhost"}, "client_undetermined", ""},
			{"depth", []string{"X-Forwarded-For: "}, "client_undetermined", ""},
			{"excluded", []string{"X-Forwarded-For: 198.51.100.7, 127.0.0.5, 10.0.0.2", "X-Forwarded-For: 10.1.1.1"}, "", "127.0.0.5"},
			{"excluded", []string{"X-Forwarded-For: 127.0.0.5, 10.0.0, 10.0.0.2"}, "client_undetermined", ""},
			{"excluded", []string{"X-Forwarded-For: 10.0.0.1"}, "client_undetermined", ""},
			{"cloudflare", []string{"CF-Connecting-IP: 127.0.0.5"}, "", "127.0.0.5"},
			{"cloudflare", []string{"CF-Connecting-IP: 127.0.0.5", "CF-Connecting-IP: 127.0.0.5"}, "client_undetermined", ""},
			{"cloudflare", []string{"CF-Connecting-IP: 127.0.0.5, 127.0.0.5"}, "client_undetermined", ""},
			{"cloudflare", []string{"CF_Connecting_IP: 127.0.0.5"}, "client_undetermined", ""},
			{"realip", []string{"X-Real-Ip: 127.0.0.5"}, "", "127.0.0.5"},
			// Without the proxy's, Traefik writes its own, which is the proxy.
			{"realip", nil, "client_undetermined", ""},
			{"realip", []string{"X-Real-Ip: "}, "client_undetermined", ""},
			{"subnet", []string{"X-Forwarded-For: 2001:db8:1:2:3:4:5:6"}, "", "2001:db8:1:2::"},
		} {
			a := s.deliver(t, trusted, s.URL, c.gate, c.lines...)
			if c.reason == "" {
				s.passed(t, a)
			} else {
				s.refused(t, a, http.StatusForbidden, c.reason)
			}
			seen(t, a, c.client, proxy)
		}
	})
}

// The address that the PROXY protocol brings is the connection's.
func TestProxyProtocol(t *testing.T) {
	s := start(t, nil, []gate{{name: "list", options: `{provider: github, secrets: ["env:GH"], allowlist: {sourceRange: 198.51.100.7}}`}},
		gateway.Settings{EntryPoint: "proxyProtocol: {trustedIPs: [127.0.0.9]}"})
	for _, c := range []struct {
		from, header string
		status       int
		source       string
	}{
		{"127.0.0.9", "PROXY TCP4 198.51.100.7 127.0.0.1 1234 80\r\n", http.StatusOK, "198.51.100.7"},
		{"127.0.0.9", "PROXY TCP4 198.51.100.8 127.0.0.1 1234 80\r\n", http.StatusForbidden, "198.51.100.8"},
		{"127.0.0.8", "PROXY TCP4 198.51.100.7 127.0.0.1 1234 80\r\n", http.StatusForbidden, "127.0.0.8"},
	} {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(c.from)}, Timeout: testkit.Patience}
		connection, err := dialer.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		path := s.path("list")
		_, err = fmt.Fprintf(connection, "%sPOST %s HTTP/1.1\r\nHost: hooks.example.com\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n\r\n%s", c.header, path, len(hello), helloSignature, hello)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(connection)
		if err != nil || !strings.HasPrefix(string(answer), fmt.Sprintf("HTTP/1.1 %d ", c.status)) {
			t.Errorf("%v: %v %.40q", c, err, answer)
		}
		_ = connection.Close()
		if r := s.record(t, path); r.Source != c.source || r.Client != c.source {
			t.Errorf("%v: %+v", c, r)
		}
	}
}

func TestIPv6Clients(t *testing.T) {
	gates := []gate{
		{name: "one", options: `{provider: github, secrets: ["env:GH"], allowlist: {sourceRange: "::1"}}`},
		{name: "net", options: `{provider: github, secrets: ["env:GH"], allowlist: {sourceRange: ["::/8", 127.0.0.1]}}`},
		{name: "other", options: `{provider: github, secrets: ["env:GH"], allowlist: {sourceRange: "::2"}}`},
		{name: "ipv4", options: `{provider: github, secrets: ["env:GH"], allowlist: {sourceRange: 0.0.0.0/1}}`},
		{name: "deny", options: `{provider: github, secrets: ["env:GH"], denylist: {sourceRange: "0:0::0:1"}}`},
	}
	s := start(t, nil, gates, gateway.Settings{Web: "[::1]:0"})
	s.passed(t, s.post(t, "one", hello, helloSignature))
	s.passed(t, s.post(t, "net", hello, helloSignature))
	s.refused(t, s.post(t, "other", hello, helloSignature), http.StatusForbidden, "client_not_allowed")
	s.refused(t, s.post(t, "ipv4", hello, helloSignature), http.StatusForbidden, "client_not_allowed")
	a := s.post(t, "deny", hello, helloSignature)
	s.refused(t, a, http.StatusForbidden, "client_denied")
	if r := s.record(t, a.path); r.Client != "::1" || r.Source != "::1" || r.Rule != "denylist.sourceRange" {
		t.Errorf("%+v", r)
	}
}

// Where the address alone is asked for, it is enough, and said; handshakes and
// other answers to refusals come from who is let in.
func TestAddressAlone(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "alone", options: `{allowlist: {sourceRange: 127.0.0.5, alone: true, rejectStatusCode: 404}}`},
		{name: "meta", options: `{provider: meta, secrets: ["env:GH"], verifyToken: "env:WORD", denylist: {sourceRange: 127.0.0.6, rejectStatusCode: 410}}`},
	}, gateway.Settings{Env: []string{"WORD=a word for the handshake alone"}})
	near, far := clientFrom(t, "127.0.0.5", false), clientFrom(t, "127.0.0.6", false)
	a := exchange(t, near, s.request("alone", hello))
	if r := s.record(t, a.path); a.StatusCode != http.StatusOK || string(a.body) != hello || r.Reason != "address_allowed" || r.Decision != "pass" || r.Provider != "allowlist" {
		t.Errorf("%d %+v", a.StatusCode, r)
	}
	if arrived := s.backend.at(a.path); len(arrived) != 1 || arrived[0].Header.Get("X-Hookward-Provider") != "allowlist" {
		t.Errorf("arrived %d times", len(arrived))
	}
	s.refused(t, exchange(t, far, s.request("alone", hello, "X-Forwarded-For: 127.0.0.5")), http.StatusNotFound, "client_not_allowed")

	ask := func(client *http.Client) *answer {
		r := s.request("meta", "")
		r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0
		r.URL.RawQuery = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+word+for+the+handshake+alone"
		return exchange(t, client, r)
	}
	if a := ask(near); a.StatusCode != http.StatusOK || string(a.body) != "1158201444" {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	s.refused(t, ask(far), http.StatusGone, "client_denied")
}
