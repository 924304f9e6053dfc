package fetch

import (
	"fmt"
	"net/netip"
	"testing"
)

// Of each family a few addresses are tried, so that none keeps the other from it. IPv4 that
// is written as IPv6 is IPv4.
func TestSomeOf(t *testing.T) {
	addresses := []netip.Addr{}
	for _, text := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "::ffff:192.0.2.2", "192.0.2.3"} {
		addresses = append(addresses, netip.MustParseAddr(text))
	}
	if got := fmt.Sprint(someOf(addresses)); got != "[2001:db8::1 2001:db8::2 192.0.2.1 ::ffff:192.0.2.2]" {
		t.Error(got)
	}
}
