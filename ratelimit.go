package hookward

import (
	"crypto/sha256"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/ipset"
)

const (
	// maxSources bounds the sources whose budgets are counted one by one. Those
	// beyond share what is left; see the package bucket.
	maxSources = 100_000
	// sourceSubnet makes one source of an IPv6 network: whoever has one address
	// of it has them all.
	sourceSubnet = 64
)

// checkBan refuses who has failed too often.
//
//inline:hot
func checkBan(p *policy, d *decision) string {
	if !anyBanned(d.state.bans) {
		return ""
	}
	d.wait = bannedFor(d.state.bans, d.clientKey, sinceStart(d.start))
	if d.wait > 0 && !endsBan(p, d) {
		return sourceBanned
	}
	return ""
}

// endsBan says whether a client that is banned has been made exempt since.
func endsBan(p *policy, d *decision) bool {
	if p.ban.exempt == nil || !isExempt(p.ban.exempt, d.request, d) {
		return false
	}
	d.wait = 0
	return true
}

// checkRateLimit takes a token out of the bucket of a request's source. Usually that
// is the client's address, the bucket is here, and nobody is told of it.
//
//inline:hot
func checkRateLimit(p *policy, d *decision) string {
	l := p.limit
	if p.shared != nil || l.exempt != nil || l.header != "" || l.host || l.told != "" {
		return checkAnyRateLimit(p, d)
	}
	room := bucket.Take(d.state.limits, d.clientKey, int64(d.start.Sub(started)))
	if room < 0 {
		d.wait = -room
		return rateLimited
	}
	return ""
}

// clientKey returns what a client is counted by: its address, or the network of
// it that one client has with IPv6. Where the client can't be told, it is the
// peer, whoever that speaks for.
func clientKey(p *policy, r *http.Request, d *decision) string {
	network := clientNetwork(p, r, d)
	if !network.IsValid() {
		return "peer " + shortened(r.RemoteAddr)
	}
	return ipset.Key(network.Addr())
}

// clientNetwork returns the addresses that count as one client, or the zero Prefix.
func clientNetwork(p *policy, r *http.Request, d *decision) netip.Prefix {
	addr := d.client
	if !d.clientNoted || !addr.IsValid() {
		addr = peerOf(r.RemoteAddr)
	}
	bits := addr.BitLen()
	if addr.Is6() && (strategyOf(p) == nil || strategyOf(p).subnet == 0) {
		bits = sourceSubnet
	}
	return netip.PrefixFrom(addr, bits).Masked()
}

// isExempt says whether a client is one of some addresses. What makes one client of
// a network does not count here.
func isExempt(exempt ipset.Set, r *http.Request, d *decision) bool {
	whole := d.clientWhole
	if !d.clientNoted || !whole.IsValid() {
		whole = peerOf(r.RemoteAddr)
	}
	return whole.IsValid() && ipset.Contains(exempt, ipset.Key(whole))
}

// shortened returns a text that may be of any length in one that is not.
func shortened(text string) string {
	if len(text) <= sha256.Size {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

// checkAnyRateLimit is checkRateLimit for every case.
func checkAnyRateLimit(p *policy, d *decision) string {
	l := p.limit
	if l.exempt != nil && isExempt(l.exempt, d.request, d) {
		return ""
	}
	source := d.clientKey
	if l.header != "" {
		source = strings.Join(d.request.Header[l.header], ",")
	} else if l.host {
		source = strings.ToLower(d.host)
	}
	room := takeToken(d.state, l, shortened(source), d.start)
	if p.shared != nil {
		d.delay = int64(time.Since(d.start))
	}
	if l.told != "" {
		tellLimit(l, d, room)
	}
	if room < 0 {
		d.wait = -room
		return rateLimited
	}
	return ""
}

// takeToken takes a token where all Traefiks have them together, or where that
// can't be done now, out of this one's own bucket.
func takeToken(s *state, l *rateLimit, source string, now time.Time) int64 {
	if s.cluster != nil {
		room, err := takeShared(s.cluster, s.limits.Interval, l.burst, source)
		if err == nil {
			return room
		}
	}
	return bucket.Take(s.limits, source, sinceStart(now))
}

// tellLimit notes what the answer says of the limit. A bucket has no time at
// which all of it comes back at once; what is told is when the next token comes,
// or all are there.
func tellLimit(l *rateLimit, d *decision, room int64) {
	interval := d.state.limits.Interval
	left, reset := room/interval, l.burst*interval-room
	if room < 0 {
		left = 0
		reset = -room
	}
	d.limitPolicy = l.told
	d.limit = "\"default\";r=" + strconv.FormatInt(left, 10) + ";t=" + strconv.FormatInt(seconds(reset), 10)
}

// tellClient adds to the answer what the limit is.
func tellClient(rw http.ResponseWriter, d *decision) {
	header := rw.Header()
	header["Ratelimit"] = []string{d.limit}
	header["Ratelimit-Policy"] = []string{d.limitPolicy}
}

// seconds rounds up.
func seconds(nanoseconds int64) int64 {
	return (nanoseconds + int64(time.Second) - 1) / int64(time.Second)
}

// started is when the process began, by the clock that nobody sets.
var started = time.Now()

// sinceStart returns the time as buckets count it, in nanoseconds.
func sinceStart(now time.Time) int64 {
	return int64(now.Sub(started))
}
