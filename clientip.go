package hookward

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/hookward/hookward/internal/ipset"
)

// ipStrategy is the compiled option ipStrategy. Its zero value takes the address
// of the connection.
type ipStrategy struct {
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

func compileIPStrategy(n *notes, options *IPStrategyOptions) *ipStrategy {
	if options == nil {
		return nil
	}
	o := *options
	s := &ipStrategy{depth: int(o.Depth), header: http.CanonicalHeaderKey(o.Header), subnet: int(o.IPv6Subnet)}
	s.excluded = compileRanges(n, o.ExcludedIPs, "ipStrategy.excludedIPs")
	s.trusted = compileRanges(n, o.TrustedIPs, "ipStrategy.trustedIPs")
	all := ipset.Everything(s.excluded)
	if all != "" {
		addProblem(n, "ipStrategy.excludedIPs", kindInvalid, "has every "+all+" address, so that there could be no client")
	}
	all = ipset.Everything(s.trusted)
	if all != "" {
		addProblem(n, "ipStrategy.trustedIPs", kindInvalid, "has every "+all+" address, so that everybody could say who they are")
	}
	switch {
	case o.Depth > maxHops:
		addProblem(n, "ipStrategy.depth", kindInvalid, fmt.Sprintf("must be at most %d", maxHops))
	case o.Depth > 0 && len(o.ExcludedIPs) > 0:
		addProblem(n, "ipStrategy.excludedIPs", kindContradiction, "contradicts depth; each says in its own way where the client stands in X-Forwarded-For")
	case o.Header != "" && (o.Depth > 0 || len(o.ExcludedIPs) > 0):
		addProblem(n, "ipStrategy.header", kindContradiction, "contradicts depth and excludedIPs, which are about X-Forwarded-For")
	case o.Header != "" && !isHeaderName(o.Header):
		addProblem(n, "ipStrategy.header", kindInvalid, quote(o.Header)+" is not the name of a header")
	case s.header == "Host" || s.header == "Connection" || s.header == "Upgrade":
		addProblem(n, "ipStrategy.header", kindInvalid, s.header+" is the connection's own, and never has an address")
	case s.header == forwardedFor || s.header == "Forwarded":
		addProblem(n, "ipStrategy.header", kindInvalid, "must have one address and nothing else; for X-Forwarded-For there are depth and excludedIPs")
	case o.Header != "" && len(o.TrustedIPs) == 0:
		addProblem(n, "ipStrategy.trustedIPs", kindRequired, "is required with header, because anybody can send such a header")
	case len(o.TrustedIPs) > 0 && o.Header == "" && o.Depth == 0 && len(o.ExcludedIPs) == 0:
		addProblem(n, "ipStrategy.trustedIPs", kindNoEffect, "has no effect without header, depth or excludedIPs")
	}
	if o.IPv6Subnet > 128 {
		addProblem(n, "ipStrategy.ipv6Subnet", kindInvalid, "must be at most 128")
	}
	return s
}

// findClient notes whose request it is, where a check asks. Usually that is a peer of
// IPv4.
//
//inline:hot
func findClient(p *policy, d *decision) {
	if p.addresses == nil && p.limit == nil && (p.ban == nil || atomic.LoadInt64(&d.state.bans.banned) == 0) {
		return
	}
	if p.addresses == nil || p.addresses.strategy == nil {
		peer, _ := netip.ParseAddrPort(d.source)
		addr := peer.Addr()
		if addr.Is4() {
			d.clientKey = ipset.Key(addr)
			return
		}
	}
	findAnyClient(p, d)
}

// findAnyClient is findClient for every case.
func findAnyClient(p *policy, d *decision) {
	noteClient(strategyOf(p), d.request, d)
	d.clientKey = clientKey(p, d.request, d)
}

// strategyOf returns how a policy tells the client, or nil.
func strategyOf(p *policy) *ipStrategy {
	if p.addresses == nil {
		return nil
	}
	return p.addresses.strategy
}

// noteClient notes on the decision whose request it is, and returns that address
// before ipv6Subnet. A client that can't be told is none: a text that is no
// address, in whatever header, is not one to compare.
func noteClient(s *ipStrategy, r *http.Request, d *decision) netip.Addr {
	whole, client := clientsOf(s, r)
	d.clientNoted = true
	d.clientWhole = whole
	d.client = client
	return whole
}

// clientsOf returns the client's address, or the zero Addr where it can't be told, and
// what ipv6Subnet leaves of it.
func clientsOf(s *ipStrategy, r *http.Request) (netip.Addr, netip.Addr) {
	whole := peerOf(r.RemoteAddr)
	if s == nil {
		return whole, whole
	}
	whole = clientOf(s, whole, r.Header)
	if s.subnet > 0 && whole.Is6() {
		return whole, netip.PrefixFrom(whole, s.subnet).Masked().Addr()
	}
	return whole, whole
}

// peerOf returns the address of a connection, or the zero Addr where it has none,
// as those of Unix sockets.
func peerOf(remote string) netip.Addr {
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
func clientOf(s *ipStrategy, peer netip.Addr, header http.Header) netip.Addr {
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

// compileRanges compiles a list of addresses and CIDRs. It returns nil for an
// empty one.
func compileRanges(n *notes, texts []string, path string) ipset.Set {
	prefixes := make([]netip.Prefix, 0, len(texts))
	for i, text := range texts {
		prefix, masked, problem := ipset.ParsePrefix(text)
		if problem != "" {
			addProblem(n, fmt.Sprintf("%s[%d]", path, i), kindInvalid, quote(text)+" "+problem)
			continue
		}
		if masked {
			addWarning(n, fmt.Sprintf("%s[%d]", path, i), kindInvalid, quote(text)+" means "+prefix.String())
		}
		prefixes = append(prefixes, prefix)
	}
	if len(prefixes) == 0 {
		return nil
	}
	set := ipset.Make(prefixes)
	ipv4, ipv6 := ipset.Coverage(set)
	if (ipv4 > 0.5 || ipv6 > 0.5) && ipset.Everything(set) == "" {
		addWarning(n, path, kindInvalid, "has more than half of all addresses of IPv4 or IPv6")
	}
	return set
}
