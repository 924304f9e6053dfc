package fetch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/hookward/hookward/internal/ipset"
)

const (
	dialTimeout  = 2 * time.Second
	maxAddresses = 2 // of a host and a family, that are tried
)

// forbidden are addresses that have no lists, and secrets of this machine
// instead: of the link, where clouds have their metadata service, other addresses
// of such services, and those that mean this machine, or many, without a name.
var forbidden = mustSet(
	"0.0.0.0/8", "::/128", "169.254.0.0/16", "fe80::/10", "224.0.0.0/4", "ff00::/8", "240.0.0.0/4",
	"100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::/32", "fd20:ce::/32",
	// The same of IPv4, as IPv6 writes them on its ways to IPv4.
	"64:ff9b::169.254.0.0/112", "64:ff9b:1::169.254.0.0/112", "64:ff9b::100.100.100.200", "64:ff9b::192.0.0.192", "64:ff9b::168.63.129.16",
	"2002:a9fe::/32", "2002:6464:64c8::/48", "2002:c000:c0::/48", "2002:a83f:8110::/48", "::169.254.0.0/112", "::ffff:0:169.254.0.0/112",
)

func mustSet(texts ...string) ipset.Set {
	prefixes := []netip.Prefix{}
	for _, text := range texts {
		prefix, _, problem := ipset.ParsePrefix(text)
		if problem != "" {
			panic(text + " " + problem)
		}
		prefixes = append(prefixes, prefix)
	}
	return ipset.Make(prefixes)
}

// someOf returns a few addresses of each family, so that one that leads nowhere
// does not keep the other from being tried.
func someOf(addresses []netip.Addr) []netip.Addr {
	seen := map[bool]int{} // by whether it is of IPv4
	some := []netip.Addr{}
	for _, addr := range addresses {
		is4 := addr.Unmap().Is4()
		seen[is4]++
		if seen[is4] <= maxAddresses {
			some = append(some, addr)
		}
	}
	return some
}

// dial connects to a host, and to no forbidden address of its. The addresses are
// looked at here, and not before: a name may mean another address each time.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for _, addr := range addresses {
		if ipset.Contains(forbidden, ipset.Key(addr.WithZone(""))) {
			return nil, errors.New(addr.Unmap().String() + " is an address that must not be reached")
		}
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	failure := errors.New("the host has no address")
	for _, addr := range someOf(addresses) {
		connection, err := dialer.DialContext(ctx, network, net.JoinHostPort(addr.Unmap().String(), port))
		if err == nil {
			return connection, nil
		}
		failure = err
	}
	return nil, failure
}
