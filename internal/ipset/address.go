// Package ipset knows sets of IP addresses: it reads what people and proxies
// write, and tells in one search whether an address is in a set of any size. It must
// not know where a set comes from.
//
// IPv4 addresses that are written as IPv6 (::ffff:192.0.2.1) are IPv4 addresses
// here, and zones (fe80::1%eth0) are dropped: both are ways to write an address
// past a list.
package ipset

import (
	"net/netip"
	"strings"
)

// maxText bounds what may be an address, in bytes: no zone, and no prefix, is
// longer.
const maxText = 128

// ParseAddr reads an address as proxies write it: with or without a port, IPv6
// also in brackets. The second result is false for anything else.
func ParseAddr(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if len(text) > maxText {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(text)
	if err == nil {
		return addr.Unmap().WithZone(""), true
	}
	hostport, err := netip.ParseAddrPort(text)
	if err == nil {
		return hostport.Addr().Unmap().WithZone(""), true
	}
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		addr, err = netip.ParseAddr(text[1 : len(text)-1])
		if err == nil && addr.Is6() {
			return addr.Unmap().WithZone(""), true
		}
	}
	return netip.Addr{}, false
}

// ParsePrefix reads an address or a CIDR, RFC 4632, as people write them in
// lists. A bare address is a prefix of its full length. The second result says
// whether there were bits behind the prefix, which are zero in the result. The
// third is what is wrong with the text, and empty where nothing is.
func ParsePrefix(text string) (netip.Prefix, bool, string) {
	const problem = "is not an address or a CIDR, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32"
	text = strings.TrimSpace(text)
	if len(text) > maxText || strings.IndexByte(text, '%') >= 0 {
		return netip.Prefix{}, false, problem
	}
	if strings.IndexByte(text, '/') < 0 {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, false, problem
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), false, ""
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false, problem
	}
	addr, bits := prefix.Addr(), prefix.Bits()
	if addr.Is4In6() {
		if bits < 96 {
			return netip.Prefix{}, false, "is neither of IPv4 nor of IPv6; write IPv4 addresses with dots"
		}
		addr = addr.Unmap()
		bits -= 96
	}
	masked := netip.PrefixFrom(addr, bits).Masked()
	return masked, masked.Addr() != addr, ""
}
