package ipset

import (
	"fmt"
	"math/rand"
	"net/netip"
	"strings"
	"testing"
)

func mustPrefix(t *testing.T, text string) netip.Prefix {
	t.Helper()
	p, _, problem := ParsePrefix(text)
	if problem != "" {
		t.Fatalf("%s: %s", text, problem)
	}
	return p
}

func TestContains(t *testing.T) {
	prefixes := []netip.Prefix{}
	for _, text := range []string{
		"10.0.0.0/8", "10.1.0.0/16", "192.0.2.1", "192.0.2.2", "255.255.255.255", "::ffff:203.0.113.0/120",
		"2001:db8::/32", "2001:db8::1", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:dba:0:0:8000::/65",
	} {
		prefixes = append(prefixes, mustPrefix(t, text))
	}
	set := Make(prefixes)
	for _, c := range []struct {
		address string
		want    bool
	}{
		{"9.255.255.255", false}, {"10.0.0.0", true}, {"10.255.255.255", true}, {"11.0.0.0", false},
		{"192.0.2.0", false}, {"192.0.2.1", true}, {"192.0.2.2", true}, {"192.0.2.3", false},
		{"255.255.255.254", false}, {"255.255.255.255", true}, {"0.0.0.0", false},
		{"203.0.113.7", true}, {"::ffff:203.0.113.7", true}, {"203.0.114.0", false}, {"::ffff:10.0.0.1", true},
		{"2001:db8::", true}, {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true}, {"2001:db9::", false}, {"2001:DB8:0:0::1", true},
		{"::1", true}, {"::", false}, {"::2", false}, {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"2001:dba:0:0:8000::", true}, {"2001:dba:0:0:7fff:ffff:ffff:ffff", false}, {"2001:dba:0:1::", false},
		{"::a00:1", false}, // an IPv6 address that ends in the bytes of 10.0.0.1
		{"fe80::1%eth0", false},
	} {
		addr, ok := ParseAddr(c.address)
		if !ok {
			t.Errorf("%s is not read", c.address)
		}
		if got := Contains(set, Key(addr)); got != c.want {
			t.Errorf("%s: %v, want %v", c.address, got, c.want)
		}
	}
	if Contains(Make(nil), Key(netip.MustParseAddr("::1"))) || Contains(nil, Key(netip.MustParseAddr("192.0.2.1"))) {
		t.Error("the empty set has something in it")
	}
}

func TestMakeMerges(t *testing.T) {
	for _, c := range []struct {
		prefixes string
		ranges   int
		all      string
	}{
		{"10.0.0.0/9 10.128.0.0/9", 1, ""},
		{"10.0.0.0/8 10.1.0.0/16 10.0.0.0/8", 1, ""},
		{"10.0.0.1 10.0.0.3", 2, ""},
		{"0.0.0.0/1 128.0.0.0/1", 1, "IPv4"},
		{"0.0.0.0/0 1.2.3.4", 1, "IPv4"},
		{"::/0", 1, "IPv6"},
		{"8000::/1 ::/2 4000::/2 255.255.255.255 0.0.0.0", 3, "IPv6"},
		{"128.0.0.0/1 0.0.0.0/1 ::/0", 2, "IPv4 and IPv6"},
		{"255.255.255.255 ::", 2, ""}, // the last of one family does not adjoin the first of the other
		{"0.0.0.0/1 128.0.0.0/2 192.0.0.0/3 224.0.0.0/4 240.0.0.0/5", 1, ""},
	} {
		prefixes := []netip.Prefix{}
		for _, text := range strings.Fields(c.prefixes) {
			prefixes = append(prefixes, mustPrefix(t, text))
		}
		set := Make(prefixes)
		if len(set) != 2*c.ranges || Everything(set) != c.all {
			t.Errorf("%s: %d ends, everything %q", c.prefixes, len(set), Everything(set))
		}
	}
}

// The set is held against the standard library's own idea of what is in a
// prefix, for prefixes that nest, touch and overlap, and addresses beside their
// ends.
func TestContainsAsBruteForce(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for round := 0; round < 40; round++ {
		prefixes := []netip.Prefix{}
		for i := 0; i < 30; i++ {
			prefixes = append(prefixes, randomPrefix(random))
		}
		set := Make(prefixes)
		for i := 0; i < 100; i++ {
			addr := near(random, prefixes[random.Intn(len(prefixes))])
			if got, want := Contains(set, Key(addr)), anyContains(prefixes, addr); got != want {
				t.Fatalf("%v in %v: %v", addr, prefixes, got)
			}
		}
	}
}

func anyContains(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// randomPrefix is in a small part of the space, so that prefixes meet.
func randomPrefix(random *rand.Rand) netip.Prefix {
	size := 4
	if random.Intn(2) == 0 {
		size = 16
	}
	b := make([]byte, size)
	b[size-1] = byte(random.Intn(256))
	b[size-2] = byte(random.Intn(2))
	b[0] = byte(random.Intn(2) * 255)
	addr, _ := netip.AddrFromSlice(b)
	return netip.PrefixFrom(addr.Unmap(), random.Intn(8*size+1)).Masked()
}

// near is an address of a prefix, or right beside it.
func near(random *rand.Rand, p netip.Prefix) netip.Addr {
	end := p.Addr()
	if random.Intn(2) == 0 {
		r := rangeOf(p)
		end, _ = netip.AddrFromSlice([]byte(r[len(r)/2+1:]))
	}
	beside := end
	switch random.Intn(3) {
	case 0:
		beside = end.Prev()
	case 1:
		beside = end.Next()
	}
	if !beside.IsValid() {
		return end
	}
	return beside
}

func TestCoverage(t *testing.T) {
	for _, c := range []struct {
		prefixes   string
		ipv4, ipv6 float64
	}{
		{"", 0, 0}, {"0.0.0.0/0", 1, 0}, {"::/0", 0, 1}, {"0.0.0.0/1 192.0.0.0/2 8000::/1", 0.75, 0.5}, {"10.0.0.0/8 10.1.0.0/16", 1.0 / 256, 0}, {"2000::/3", 0, 0.125},
	} {
		prefixes := []netip.Prefix{}
		for _, text := range strings.Fields(c.prefixes) {
			prefixes = append(prefixes, mustPrefix(t, text))
		}
		ipv4, ipv6 := Coverage(Make(prefixes))
		if ipv4 != c.ipv4 || ipv6 != c.ipv6 {
			t.Errorf("%s: %v %v", c.prefixes, ipv4, ipv6)
		}
	}
}

func TestParseAddr(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", " 192.0.2.1\t": "192.0.2.1", "192.0.2.1:8080": "192.0.2.1", "2001:DB8::1": "2001:db8::1",
		"[2001:db8::1]": "2001:db8::1", "[2001:db8::1]:443": "2001:db8::1", "::ffff:192.0.2.1": "192.0.2.1", "[::ffff:c000:201]:1": "192.0.2.1",
		"fe80::1%eth0": "fe80::1", "[fe80::1%25eth0]:80": "fe80::1", "0.0.0.0": "0.0.0.0",
	} {
		addr, ok := ParseAddr(text)
		if !ok || addr.String() != want {
			t.Errorf("%q: %v, %v", text, addr, ok)
		}
	}
	for _, text := range []string{
		"", "-", "unknown", "192.0.2", "192.0.2.256", "192.0.2.01", "0x7f.0.0.1", "192.0.2.1, 192.0.2.2", "192.0.2.1 192.0.2.2", "192.0.2.1:", "192.0.2.1:http",
		"192.0.2.1:65536", "[192.0.2.1]", "[192.0.2.1]:80", "[::1", "::1]", "[]", "2001:db8::1::", "\"192.0.2.1\"", "for=192.0.2.1", "192.0.2.1/32", "localhost", "@",
		"_hidden", "1" + strings.Repeat("0", 200), "fe80::1%" + strings.Repeat("z", 200), "192.0.2.1\x00", "１９２.0.2.1",
	} {
		if addr, ok := ParseAddr(text); ok || addr.IsValid() {
			t.Errorf("%q is read as %v", text, addr)
		}
	}
}

func TestParsePrefix(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32 false", "192.0.2.0/24": "192.0.2.0/24 false", " 192.0.2.0/24 ": "192.0.2.0/24 false", "10.1.2.3/8": "10.0.0.0/8 true",
		"2001:db8::1": "2001:db8::1/128 false", "2001:DB8::/32": "2001:db8::/32 false", "2001:db8::1/32": "2001:db8::/32 true",
		"::ffff:10.0.0.0/104": "10.0.0.0/8 false", "::ffff:10.1.0.0/104": "10.0.0.0/8 true", "::ffff:192.0.2.1": "192.0.2.1/32 false",
		"0.0.0.0/0": "0.0.0.0/0 false", "::/0": "::/0 false", "::ffff:0.0.0.0/96": "0.0.0.0/0 false", "::/96": "::/96 false",
	} {
		p, masked, problem := ParsePrefix(text)
		if got := fmt.Sprint(p, masked); got != want || problem != "" {
			t.Errorf("%q: %s %s, want %s", text, got, problem, want)
		}
	}
	for _, text := range []string{
		"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8 ok", "10.0.0.0/255.0.0.0", "10/8", "10.0.0.0-10.0.0.9", "192.0.2.1:80",
		"2001:db8::/129", "[2001:db8::]/32", "fe80::%eth0/64", "fe80::1%eth0", "::ffff:10.0.0.0/8", "::ffff:0:0/95", "example.com", strings.Repeat("1", 200),
	} {
		if p, _, problem := ParsePrefix(text); problem == "" {
			t.Errorf("%q is read as %v", text, p)
		}
	}
}

// Whatever a text is: an address that is read is a plain one, and the standard
// library reads the same; a prefix that is read has its own address in it.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:443", "::ffff:192.0.2.1", "fe80::1%eth0", "10.0.0.0/8", "::ffff:10.0.0.0/104", "2001:db8::/32", "::1/0", "unknown"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, ok := ParseAddr(text)
		if ok != addr.IsValid() || addr.Zone() != "" || addr.Is4In6() {
			t.Errorf("%q: %v", text, addr)
		}
		if ok && !strings.Contains(text, ":") && text == strings.TrimSpace(text) && netip.MustParseAddr(text) != addr {
			t.Errorf("%q: %v", text, addr)
		}
		p, _, problem := ParsePrefix(text)
		if problem == "" {
			set := Make([]netip.Prefix{p})
			if len(set) != 2 || !Contains(set, Key(p.Addr())) || p.Masked() != p || p.Addr().Is4In6() {
				t.Errorf("%q: %v %q", text, p, set)
			}
		}
	})
}
