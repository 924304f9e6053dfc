package hookward

import (
	"math/rand"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/policy"
)

// clientSeen returns the client's address that a strategy finds, or "none".
func clientSeen(t *testing.T, options map[string]any, remote string, headers ...string) string {
	t.Helper()
	raw := hooktest.GithubOptions()
	if options != nil {
		raw["ipStrategy"] = options
	}
	p := mustCompile(t, raw)
	r := hooktest.NewPost("{}", headers...)
	r.RemoteAddr = remote
	x := &exchange{Message: message.Message{Request: r}}
	noteClient(policy.StrategyOf(p), x)
	if !x.client.IsValid() {
		return "none"
	}
	return x.client.String()
}

// everyHeader is what an untrusted peer may send to be somebody else.
var everyHeader = []string{
	"X-Forwarded-For: 10.0.0.9", "X-Real-Ip: 10.0.0.9", "Forwarded: for=10.0.0.9", "CF-Connecting-IP: 10.0.0.9", "True-Client-IP: 10.0.0.9",
	"X-Client-IP: 10.0.0.9", "X_Forwarded_For: 10.0.0.9", "X-Original-Forwarded-For: 10.0.0.9", "Fastly-Client-IP: 10.0.0.9", "Connection: X-Forwarded-For",
}

func TestClient(t *testing.T) {
	depth := func(n string) map[string]any { return map[string]any{"depth": n} }
	excluded := map[string]any{"excludedIPs": []any{"10.0.0.0/8", "2001:db8:1::/48"}}
	header := map[string]any{"header": "cf-connecting-ip", "trustedIPs": []any{"203.0.113.0/24", "2001:db8::1"}}
	trustedDepth := map[string]any{"depth": "1", "trustedIPs": "203.0.113.7"}
	for _, c := range []struct {
		name    string
		options map[string]any
		remote  string
		headers []string
		want    string
	}{
		{"the peer", nil, "203.0.113.7:1234", everyHeader, "203.0.113.7"},
		{"depth 0", depth("0"), "203.0.113.7:1234", everyHeader, "203.0.113.7"},
		{"an empty section", map[string]any{}, "203.0.113.7:1234", everyHeader, "203.0.113.7"},
		{"IPv6 peer", nil, "[2001:DB8::1]:1234", nil, "2001:db8::1"},
		{"4-in-6 peer", nil, "[::ffff:203.0.113.7]:1234", nil, "203.0.113.7"},
		{"peer with a zone", nil, "[fe80::1%eth0]:1234", nil, "fe80::1"},
		{"peer without a port", nil, "203.0.113.7", nil, "203.0.113.7"},
		{"Unix socket", nil, "@", nil, "none"},
		{"no peer", nil, "", everyHeader, "none"},
		{"pipe", nil, "pipe", nil, "none"},

		{"depth 1 of 2", depth("1"), "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1, 2.2.2.2"}, "2.2.2.2"},
		{"depth 2 of 2", depth("2"), "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1, 2.2.2.2"}, "1.1.1.1"},
		{"depth 3 of 2", depth("3"), "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1, 2.2.2.2"}, "none"},
		{"depth without the header", depth("1"), "203.0.113.7:1", everyHeader[1:], "none"},
		{"depth, two lines", depth("2"), "203.0.113.7:1", []string{"X-Forwarded-For: 3.3.3.3,1.1.1.1", "X-Forwarded-For: 2.2.2.2"}, "1.1.1.1"},
		{"depth, three lines", depth("4"), "203.0.113.7:1", []string{"X-Forwarded-For: 4.4.4.4,3.3.3.3", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2"}, "4.4.4.4"},
		{"depth, an empty line counts", depth("2"), "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: "}, "1.1.1.1"},
		{"depth at an empty entry", depth("2"), "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1,,2.2.2.2"}, "none"},
		{"depth at junk", depth("1"), "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1, unknown"}, "none"},
		{"depth, junk before", depth("1"), "203.0.113.7:1", []string{"X-Forwarded-For: <script>, 1.1.1.1"}, "1.1.1.1"},
		{"depth, with a port", depth("1"), "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1:8080"}, "1.1.1.1"},
		{"depth, brackets and a port", depth("1"), "203.0.113.7:1", []string{"X-Forwarded-For: [2001:db8::7]:8080"}, "2001:db8::7"},
		{"depth, 4-in-6", depth("1"), "203.0.113.7:1", []string{"X-Forwarded-For: ::ffff:1.1.1.1"}, "1.1.1.1"},
		{"depth, zone", depth("1"), "203.0.113.7:1", []string{"X-Forwarded-For: fe80::1%25eth0"}, "fe80::1"},
		{"depth, any peer without trustedIPs", depth("1"), "@", []string{"X-Forwarded-For: 1.1.1.1"}, "1.1.1.1"},

		{"walk", excluded, "203.0.113.7:1", []string{"X-Forwarded-For: 9.9.9.9, 1.1.1.1, 10.0.0.2"}, "1.1.1.1"},
		{"walk over both families", excluded, "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1, 2001:db8:1::5", "X-Forwarded-For: ::ffff:10.0.0.2, [10.0.0.3", "X-Forwarded-For: 10.0.0.9"}, "none"},
		{"walk over two lines", excluded, "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1, 2001:db8:1::5", "X-Forwarded-For: ::ffff:10.0.0.2, 10.0.0.3:80"}, "1.1.1.1"},
		{"walk over empty entries", excluded, "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1, , 10.0.0.2,"}, "1.1.1.1"},
		{"walk to junk", excluded, "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1, 10.0.0, 10.0.0.2"}, "none"},
		{"proxies alone", excluded, "203.0.113.7:1", []string{"X-Forwarded-For: 10.0.0.1, 10.0.0.2"}, "none"},
		{"walk without the header", excluded, "203.0.113.7:1", nil, "none"},
		{"a long walk", excluded, "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1" + strings.Repeat(", 10.0.0.1", 64)}, "none"},
		{"a walk as long as may be", excluded, "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1" + strings.Repeat(", 10.0.0.1", 63)}, "1.1.1.1"},

		{"header", header, "203.0.113.7:1", []string{"CF-Connecting-IP: 1.1.1.1"}, "1.1.1.1"},
		{"header from an IPv6 proxy", header, "[2001:db8::1]:1", []string{"CF-Connecting-IP: 2001:db8::9"}, "2001:db8::9"},
		{"header from others", header, "198.51.100.1:1", append([]string{"CF-Connecting-IP: 1.1.1.1"}, everyHeader...), "198.51.100.1"},
		{"header from nobody", header, "@", []string{"CF-Connecting-IP: 1.1.1.1"}, "none"},
		{"header twice", header, "203.0.113.7:1", []string{"CF-Connecting-IP: 1.1.1.1", "CF-Connecting-IP: 1.1.1.1"}, "none"},
		{"header with a list", header, "203.0.113.7:1", []string{"CF-Connecting-IP: 1.1.1.1, 2.2.2.2"}, "none"},
		{"header that is empty", header, "203.0.113.7:1", []string{"CF-Connecting-IP: "}, "none"},
		{"header that is junk", header, "203.0.113.7:1", []string{"CF-Connecting-IP: 1.1.1.1/32"}, "none"},
		{"header with a proxy", header, "203.0.113.7:1", []string{"CF-Connecting-IP: 203.0.113.9"}, "none"},
		{"header with the peer", header, "203.0.113.7:1", []string{"CF-Connecting-IP: ::ffff:203.0.113.7"}, "none"},
		{"no header", header, "203.0.113.7:1", []string{"CF_Connecting_IP: 1.1.1.1"}, "none"},

		{"depth from who is trusted", trustedDepth, "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1"}, "1.1.1.1"},
		{"depth from others", trustedDepth, "203.0.113.8:1", everyHeader, "203.0.113.8"},

		{"subnet", map[string]any{"ipv6Subnet": "64"}, "[2001:db8:1:2:3:4:5:6]:1", nil, "2001:db8:1:2::"},
		{"subnet of IPv4", map[string]any{"ipv6Subnet": "64"}, "203.0.113.7:1", nil, "203.0.113.7"},
		{"subnet of 4-in-6", map[string]any{"ipv6Subnet": "1"}, "[::ffff:203.0.113.7]:1", nil, "203.0.113.7"},
		{"subnet with depth", map[string]any{"ipv6Subnet": "56", "depth": "1"}, "203.0.113.7:1", []string{"X-Forwarded-For: 2001:db8:1:2ff::7"}, "2001:db8:1:200::"},
		{"subnet of nobody", map[string]any{"ipv6Subnet": "64"}, "@", nil, "none"},
	} {
		if got := clientSeen(t, c.options, c.remote, c.headers...); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Whatever a peer that is not trusted sends, the client is the peer.
func TestClientOfUntrustedPeers(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	names := []string{"X-Forwarded-For", "Cf-Connecting-Ip", "X-Real-Ip", "Forwarded", "True-Client-Ip"}
	words := []string{"10.0.0.1", "203.0.113.7", "::1", ",", ", ", " ", "[", "]", ":80", "%", "unknown", "\"", "for=", "\x00", "é", strings.Repeat("1,", 300)}
	strategies := []*clientip.Strategy{}
	for _, options := range []map[string]any{
		{"header": "CF-Connecting-IP", "trustedIPs": "203.0.113.7"},
		{"depth": "1", "trustedIPs": "203.0.113.7"},
		{"depth": "64", "trustedIPs": "203.0.113.7"},
		{"excludedIPs": "10.0.0.0/8", "trustedIPs": "203.0.113.7"},
	} {
		raw := hooktest.GithubOptions()
		raw["ipStrategy"] = options
		strategies = append(strategies, mustCompile(t, raw).Addresses.Strategy)
	}
	peer := netip.MustParseAddr("198.51.100.1")
	for i := 0; i < 500; i++ {
		h := http.Header{}
		for j := random.Intn(4); j >= 0; j-- {
			value := ""
			for k := random.Intn(6); k > 0; k-- {
				value += words[random.Intn(len(words))]
			}
			name := names[random.Intn(len(names))]
			h[name] = append(h[name], value)
		}
		for _, s := range strategies {
			if got, _ := clientip.Of(s, from(peer, h)); got != peer {
				t.Fatalf("%v: %v", h, got)
			}
			// From who is trusted it is an address, or none, and no text.
			got, _ := clientip.Of(s, from(netip.MustParseAddr("203.0.113.7"), h))
			if got.IsValid() && (got.Zone() != "" || got.Is4In6()) {
				t.Fatalf("%v: %v", h, got)
			}
		}
	}
}

func TestIPStrategyMistakes(t *testing.T) {
	for _, c := range []struct {
		options map[string]any
		says    string
	}{
		{map[string]any{"depth": "-1"}, `ipStrategy.depth: "-1" is not a positive whole number`},
		{map[string]any{"depth": "65"}, "ipStrategy.depth: must be at most 64"},
		{map[string]any{"depth": "1", "excludedIPs": "10.0.0.1"}, "ipStrategy.excludedIPs: contradicts depth"},
		{map[string]any{"excludedIPs": "10.0.0.1, proxy"}, `ipStrategy.excludedIPs[1]: "proxy" is not an address`},
		{map[string]any{"excludedIPs": "0.0.0.0/0"}, "ipStrategy.excludedIPs: has every IPv4 address"},
		{map[string]any{"excludedIPs": []any{}}, "ipStrategy.excludedIPs: is an empty list"},
		{map[string]any{"header": "X-Real-Ip"}, "ipStrategy.trustedIPs: is required with header"},
		{map[string]any{"header": "X-Real-Ip", "trustedIPs": "::/0"}, "ipStrategy.trustedIPs: has every IPv6 address"},
		{map[string]any{"header": "X-Real-Ip", "trustedIPs": "10.0.0.1", "depth": "1"}, "ipStrategy.header: contradicts depth"},
		{map[string]any{"header": "X-Forwarded-For", "trustedIPs": "10.0.0.1"}, "ipStrategy.header: must have one address"},
		{map[string]any{"header": "forwarded", "trustedIPs": "10.0.0.1"}, "ipStrategy.header: must have one address"},
		{map[string]any{"header": "not a name", "trustedIPs": "10.0.0.1"}, `ipStrategy.header: "not a name" is not the name`},
		{map[string]any{"trustedIPs": "10.0.0.1"}, "ipStrategy.trustedIPs: has no effect"},
		{map[string]any{"header": "host", "trustedIPs": "10.0.0.1"}, "ipStrategy.header: Host is the connection's own"},
		{map[string]any{"ipv6Subnet": "129"}, "ipStrategy.ipv6Subnet: must be at most 128"},
		{map[string]any{"ipv6Subnet": "0"}, `ipStrategy.ipv6Subnet: "0" is not a positive`},
		{map[string]any{"excludedIps": "10.0.0.1", "excludedIPs": "10.0.0.1"}, "ipStrategy.excludedIPs: is given twice"},
	} {
		raw := hooktest.GithubOptions()
		raw["ipStrategy"] = c.options
		got := strings.Join(config.Sentences(policy.Compile(raw).Problems), "\n")
		if !strings.HasPrefix(got, c.says) || strings.Contains(got, "\n") {
			t.Errorf("%v: %q, want %q", c.options, got, c.says)
		}
	}
}

// from returns a request of a peer.
func from(peer netip.Addr, h http.Header) *http.Request {
	return &http.Request{RemoteAddr: netip.AddrPortFrom(peer, 1234).String(), Header: h}
}
