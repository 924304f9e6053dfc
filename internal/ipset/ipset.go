package ipset

import (
	"encoding/binary"
	"net/netip"
	"sort"
)

// Set is a set of addresses: the two ends of disjoint ranges, in order. It is
// text because one call of the standard library's search then tells whether an
// address is inside; in interpreted code a loop over prefixes costs as much for
// every prefix.
//
// The ends are an address's family, '4' or '6', and its bytes in network order;
// an upper end has one more byte, which sorts it behind the key of its address
// and before the one that follows. So a key is inside if an odd number of ends
// sorts before it.
type Set []string

const (
	afterAddress = "\x00" // of a key
	afterRange   = "\x01" // of an upper end
)

// Key is what an address is looked up by. It can be used with any set.
func Key(addr netip.Addr) string {
	b := addr.Unmap().AsSlice()
	if len(b) == 4 {
		return KeyOf4(b)
	}
	return "6" + string(b) + afterAddress
}

// KeyOf4 is Key for the bytes of an IPv4 address.
//
//inline:hot
func KeyOf4(b []byte) string { return "4" + string(b) + afterAddress }

// Contains says whether the address of a key is in a set.
func Contains(set Set, key string) bool {
	return sort.SearchStrings(set, key)%2 == 1
}

// Make returns the set of what is in any of the prefixes, in the form in which
// ParsePrefix returns them.
func Make(prefixes []netip.Prefix) Set {
	// Both ends in one text, so that sorting needs no function of ours.
	ranges := make([]string, 0, len(prefixes))
	for _, p := range prefixes {
		ranges = append(ranges, rangeOf(p))
	}
	sort.Strings(ranges)
	set := make(Set, 0, 2*len(ranges))
	low, high, next := "", "", ""
	for _, r := range ranges {
		middle := len(r) / 2
		first, last := r[:middle], r[middle:]
		if high == "" || first > high && first != next {
			if high != "" {
				set = append(set, low, high+afterRange)
			}
			low = first
			high = ""
		}
		if last > high {
			high = last
			next = follower(last)
		}
	}
	if high != "" {
		set = append(set, low, high+afterRange)
	}
	return set
}

// follower returns the end that adjoins another one, or nothing after the last.
func follower(end string) string {
	addr, _ := netip.AddrFromSlice([]byte(end[1:]))
	next := addr.Next()
	if !next.IsValid() {
		return ""
	}
	return end[:1] + string(next.AsSlice())
}

// rangeOf returns the two ends of a prefix, each with its family.
func rangeOf(p netip.Prefix) string {
	addr, bits := p.Addr(), uint(p.Bits())
	first := addr.AsSlice()
	last := make([]byte, len(first))
	if addr.Is4() {
		binary.BigEndian.PutUint32(last, binary.BigEndian.Uint32(first)|^uint32(0)>>bits)
		return "4" + string(first) + "4" + string(last)
	}
	high, low := ^uint64(0)>>bits, ^uint64(0)
	if bits > 64 {
		low >>= bits - 64
	}
	binary.BigEndian.PutUint64(last, binary.BigEndian.Uint64(first)|high)
	binary.BigEndian.PutUint64(last[8:], binary.BigEndian.Uint64(first[8:])|low)
	return "6" + string(first) + "6" + string(last)
}

// Everything returns the families of which a set has all addresses, in however
// many pieces it was written: "IPv4", "IPv6", "IPv4 and IPv6", or nothing.
func Everything(set Set) string {
	ipv4 := hasRange(set, rangeOf(netip.PrefixFrom(netip.IPv4Unspecified(), 0)))
	ipv6 := hasRange(set, rangeOf(netip.PrefixFrom(netip.IPv6Unspecified(), 0)))
	switch {
	case ipv4 && ipv6:
		return "IPv4 and IPv6"
	case ipv4:
		return "IPv4"
	case ipv6:
		return "IPv6"
	}
	return ""
}

// Coverage returns which part of all addresses of IPv4, and of IPv6, a set has:
// from 0 to 1.
func Coverage(set Set) (float64, float64) {
	ipv4, ipv6 := 0.0, 0.0
	for i := 0; i+1 < len(set); i += 2 {
		low, high := []byte(set[i][1:]), []byte(set[i+1][1:])
		if len(low) == 4 {
			ipv4 += (float64(binary.BigEndian.Uint32(high)) - float64(binary.BigEndian.Uint32(low)) + 1) / (1 << 32)
		} else {
			ipv6 += (float64(binary.BigEndian.Uint64(high)) - float64(binary.BigEndian.Uint64(low)) + 1) / (1 << 32) / (1 << 32)
		}
	}
	return ipv4, ipv6
}

// hasRange says whether a range, as rangeOf returns it, is one of a set's.
func hasRange(set Set, r string) bool {
	middle := len(r) / 2
	i := sort.SearchStrings(set, r[:middle])
	return i+1 < len(set) && set[i] == r[:middle] && set[i+1] == r[middle:]+afterRange
}
