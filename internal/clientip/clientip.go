// Package clientip knows whose address a request comes from, behind proxies that are
// trusted. It must not know what becomes of that client.
package clientip

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/words"
)

// Strategy is the compiled option ipStrategy. Its zero value takes the address
// of the connection.
type Strategy struct {
	depth    int
	excluded ipset.Set
	header   string    // canonical
	trusted  ipset.Set // nil: whom Traefik's entry point trusts
	subnet   int       // of IPv6; 0 for none
}

const (
	forwardedFor = "X-Forwarded-For"
	// maxHops bounds the addresses of X-Forwarded-For that are looked at: all but
	// the last few are a stranger's to write.
	maxHops = 64
)

func Compile(n *config.Notes, options *config.IPStrategyOptions) *Strategy {
	if options == nil {
		return nil
	}
	o := *options
	s := &Strategy{depth: int(o.Depth), header: http.CanonicalHeaderKey(o.Header), subnet: int(o.IPv6Subnet)}
	s.excluded = CompileRanges(n, o.ExcludedIPs, "ipStrategy.excludedIPs")
	s.trusted = CompileRanges(n, o.TrustedIPs, "ipStrategy.trustedIPs")
	all := ipset.Everything(s.excluded)
	if all != "" {
		config.AddProblem(n, "ipStrategy.excludedIPs", config.KindInvalid, "has every "+all+" address, so that there could be no client")
	}
	all = ipset.Everything(s.trusted)
	if all != "" {
		config.AddProblem(n, "ipStrategy.trustedIPs", config.KindInvalid, "has every "+all+" address, so that everybody could say who they are")
	}
	switch {
	case o.Depth > maxHops:
		config.AddProblem(n, "ipStrategy.depth", config.KindInvalid, fmt.Sprintf("must be at most %d", maxHops))
	case o.Depth > 0 && len(o.ExcludedIPs) > 0:
		config.AddProblem(n, "ipStrategy.excludedIPs", config.KindContradiction, "contradicts depth; each says in its own way where the client stands in X-Forwarded-For")
	case o.Header != "" && (o.Depth > 0 || len(o.ExcludedIPs) > 0):
		config.AddProblem(n, "ipStrategy.header", config.KindContradiction, "contradicts depth and excludedIPs, which are about X-Forwarded-For")
	case o.Header != "" && !header.IsName(o.Header):
		config.AddProblem(n, "ipStrategy.header", config.KindInvalid, words.Quote(o.Header)+" is not the name of a header")
	case s.header == "Host" || s.header == "Connection" || s.header == "Upgrade":
		config.AddProblem(n, "ipStrategy.header", config.KindInvalid, s.header+" is the connection's own, and never has an address")
	case s.header == forwardedFor || s.header == "Forwarded":
		config.AddProblem(n, "ipStrategy.header", config.KindInvalid, "must have one address and nothing else; for X-Forwarded-For there are depth and excludedIPs")
	case o.Header != "" && len(o.TrustedIPs) == 0:
		config.AddProblem(n, "ipStrategy.trustedIPs", config.KindRequired, "is required with header, because anybody can send such a header")
	case len(o.TrustedIPs) > 0 && o.Header == "" && o.Depth == 0 && len(o.ExcludedIPs) == 0:
		config.AddProblem(n, "ipStrategy.trustedIPs", config.KindNoEffect, "has no effect without header, depth or excludedIPs")
	}
	if o.IPv6Subnet > 128 {
		config.AddProblem(n, "ipStrategy.ipv6Subnet", config.KindInvalid, "must be at most 128")
	}
	return s
}

// Of returns the client's address, or the zero Addr where it can't be told, and
// what ipv6Subnet leaves of it.
func Of(s *Strategy, r *http.Request) (netip.Addr, netip.Addr) {
	whole := Peer(r.RemoteAddr)
	if s == nil {
		return whole, whole
	}
	whole = clientOf(s, whole, r.Header)
	if s.subnet > 0 && whole.Is6() {
		return whole, netip.PrefixFrom(whole, s.subnet).Masked().Addr()
	}
	return whole, whole
}

// Peer returns the address of a connection, or the zero Addr where it has none,
// as those of Unix sockets.
func Peer(remote string) netip.Addr {
	hostport, err := netip.ParseAddrPort(remote)
	if err != nil {
		addr, _ := ipset.ParseAddr(remote)
		return addr
	}
	addr := hostport.Addr()
	if addr.Is4() {
		return addr
	}
	return addr.Unmap().WithZone("")
}

// clientOf returns the client's address, or the zero Addr where it can't be told.
func clientOf(s *Strategy, peer netip.Addr, header http.Header) netip.Addr {
	if s.trusted != nil && !(peer.IsValid() && ipset.Contains(s.trusted, ipset.Key(peer))) {
		return peer
	}
	if s.header != "" {
		values := header[s.header]
		if len(values) != 1 {
			return netip.Addr{}
		}
		addr, ok := ipset.ParseAddr(values[0])
		if !ok || ipset.Contains(s.trusted, ipset.Key(addr)) {
			// Or it is the proxy itself: Traefik writes the peer's address into an
			// X-Real-Ip that the proxy did not send, or that it took away.
			return netip.Addr{}
		}
		return addr
	}
	if s.depth > 0 {
		hops := lastHops(header[forwardedFor], s.depth)
		if len(hops) < s.depth {
			return netip.Addr{}
		}
		addr, _ := ipset.ParseAddr(hops[s.depth-1])
		return addr
	}
	if s.excluded != nil {
		return firstNotExcluded(s.excluded, lastHops(header[forwardedFor], maxHops))
	}
	return peer
}

// firstNotExcluded returns the first address that is not one of the proxies'. An
// entry that is no address was written by whoever is before it: behind it, nobody
// can be told.
func firstNotExcluded(excluded ipset.Set, hops []string) netip.Addr {
	for _, hop := range hops {
		if hop == "" {
			continue
		}
		addr, ok := ipset.ParseAddr(hop)
		if !ok {
			return netip.Addr{}
		}
		if !ipset.Contains(excluded, ipset.Key(addr)) {
			return addr
		}
	}
	return netip.Addr{}
}

// lastHops returns the last entries of a header that is a list, from the right,
// at most so many. Several lines of it are one list, RFC 9110, 5.3.
func lastHops(lines []string, most int) []string {
	hops := []string{}
	for i := len(lines) - 1; i >= 0; i-- {
		rest := lines[i]
		for at := 0; at >= 0; {
			at = strings.LastIndexByte(rest, ',')
			hops = append(hops, strings.TrimSpace(rest[at+1:]))
			if len(hops) == most {
				return hops
			}
			if at >= 0 {
				rest = rest[:at]
			}
		}
	}
	return hops
}

// CompileRanges compiles a list of addresses and CIDRs. It returns nil for an
// empty one.
func CompileRanges(n *config.Notes, texts []string, path string) ipset.Set {
	prefixes := make([]netip.Prefix, 0, len(texts))
	for i, text := range texts {
		prefix, masked, problem := ipset.ParsePrefix(text)
		if problem != "" {
			config.AddProblem(n, fmt.Sprintf("%s[%d]", path, i), config.KindInvalid, words.Quote(text)+" "+problem)
			continue
		}
		if masked {
			config.AddWarning(n, fmt.Sprintf("%s[%d]", path, i), config.KindInvalid, words.Quote(text)+" means "+prefix.String())
		}
		prefixes = append(prefixes, prefix)
	}
	if len(prefixes) == 0 {
		return nil
	}
	set := ipset.Make(prefixes)
	ipv4, ipv6 := ipset.Coverage(set)
	if (ipv4 > 0.5 || ipv6 > 0.5) && ipset.Everything(set) == "" {
		config.AddWarning(n, path, config.KindInvalid, "has more than half of all addresses of IPv4 or IPv6")
	}
	return set
}

// sourceSubnet makes one source of an IPv6 network: whoever has one address of it has
// them all.
const sourceSubnet = 64

// Network returns the addresses that count as one client, or the zero Prefix. Where the client
// can't be told, it is the peer, whoever that speaks for.
func Network(s *Strategy, client netip.Addr, r *http.Request) netip.Prefix {
	if !client.IsValid() {
		client = Peer(r.RemoteAddr)
	}
	bits := client.BitLen()
	if client.Is6() && (s == nil || s.subnet == 0) {
		bits = sourceSubnet
	}
	return netip.PrefixFrom(client, bits).Masked()
}

// Key returns what a client is counted by: its address, or the network of it that one client
// has with IPv6.
func Key(s *Strategy, client netip.Addr, r *http.Request) string {
	network := Network(s, client, r)
	if !network.IsValid() {
		return "peer " + words.Shortened(r.RemoteAddr)
	}
	return ipset.Key(network.Addr())
}

// IsIn says whether a client is one of some addresses. What makes one client of a network
// does not count here: the address is the whole one.
func IsIn(addresses ipset.Set, whole netip.Addr, r *http.Request) bool {
	if !whole.IsValid() {
		whole = Peer(r.RemoteAddr)
	}
	return whole.IsValid() && ipset.Contains(addresses, ipset.Key(whole))
}
