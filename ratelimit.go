package hookward

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/cluster"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// noteFailure counts a request that has failed verification, and bans its client
// if it was one too many.
func noteFailure(p *policy.Policy, r *http.Request, x *exchange, now time.Time) {
	b := p.Ban
	if b.Exempt != nil && clientip.IsIn(b.Exempt, x.clientWhole, r) {
		return
	}
	client := clientip.Key(policy.StrategyOf(p), x.client, r)
	t := x.state.Bans
	at := memory.Clock(now)
	tell, untold := bans.AddFailure(t, client, at)
	if tell {
		tellBan(p, x, b.Duration, untold, now)
	}
	if x.state.Cluster == nil {
		return
	}
	// Who has failed by another secret has not failed by this one.
	rest, err := cluster.Fail(x.state.Cluster, b.Failures, b.Window, b.Duration, p.VerificationDigest+client)
	if err != nil || rest <= 0 {
		return
	}
	if int64(rest) > t.Duration {
		rest = time.Duration(t.Duration)
	}
	tell, untold = bans.Until(t, client, at, at+int64(rest))
	if tell {
		tellBan(p, x, rest, untold, now)
	}
}

// tellBan tells the operator of a ban, and how to end it.
func tellBan(p *policy.Policy, x *exchange, rest time.Duration, untold int, now time.Time) {
	network := clientip.Network(policy.StrategyOf(p), x.client, x.Request)
	client := strconv.Quote(words.Shortened(x.Request.RemoteAddr)) // of a Unix socket
	if network.IsValid() && network.IsSingleIP() {
		client = network.Addr().String()
	} else if network.IsValid() {
		client = network.String()
	}
	text := fmt.Sprintf("%s is banned for %s, because %d requests within %s failed verification; it gets 429 until then, unless ban.exempt has it, or secrets are changed",
		client, rest.Round(time.Second), p.Ban.Failures, p.Ban.Window)
	if untold > 0 {
		text += fmt.Sprintf(" (%d more bans were not told, of more than %d a minute)", untold, bans.MaxTold)
	}
	report.Say("warn", x.gate.Name, text, now)
}

// checkBan refuses who has failed too often.
//
//inline:hot
func checkBan(p *policy.Policy, x *exchange) string {
	if atomic.LoadInt64(&x.state.Bans.Banned) == 0 {
		return ""
	}
	x.wait = bans.Remaining(x.state.Bans, x.clientKey, x.at)
	if x.wait > 0 && !endsBan(p, x) {
		return verdict.SourceBanned
	}
	return ""
}

// endsBan says whether a client that is banned has been made exempt since.
func endsBan(p *policy.Policy, x *exchange) bool {
	if p.Ban.Exempt == nil || !clientip.IsIn(p.Ban.Exempt, x.clientWhole, x.Request) {
		return false
	}
	x.wait = 0
	return true
}

// checkRateLimit takes a token out of the bucket of a request's source. Usually that
// is the client's address, the bucket is here, and nobody is told of it.
//
//inline:hot
func checkRateLimit(p *policy.Policy, x *exchange) string {
	if p.Shared != nil || !p.Limit.Usual {
		return checkAnyRateLimit(p, x)
	}
	room := bucket.Take(x.state.Limits, x.clientKey, x.at)
	if room < 0 {
		x.wait = -room
		return verdict.RateLimited
	}
	return ""
}

// checkAnyRateLimit is checkRateLimit for every case.
func checkAnyRateLimit(p *policy.Policy, x *exchange) string {
	l := p.Limit
	if l.Exempt != nil && clientip.IsIn(l.Exempt, x.clientWhole, x.Request) {
		return ""
	}
	source := x.clientKey
	if l.Header != "" {
		source = strings.Join(x.Request.Header[l.Header], ",")
	} else if l.Host {
		source = strings.ToLower(x.host)
	}
	room := takeToken(x.state, l, words.Shortened(source), x.start)
	if p.Shared != nil {
		x.delay = int64(time.Since(x.start))
	}
	if l.Told != "" {
		tellLimit(l, x, room)
	}
	if room < 0 {
		x.wait = -room
		return verdict.RateLimited
	}
	return ""
}

// takeToken takes a token out of this Traefik's bucket, and then where all Traefiks have
// them together: what is spent here is spent there. Where that can't be done now, or too
// many want to, its own bucket has to do.
func takeToken(s *memory.State, l *policy.RateLimit, source string, now time.Time) int64 {
	room := bucket.Take(s.Limits, source, memory.Clock(now))
	if s.Cluster == nil || room < 0 && bucket.Own(s.Limits, source) {
		return room
	}
	shared, err := cluster.Take(s.Cluster, s.Limits.Interval, l.Burst, source)
	if err != nil {
		return room
	}
	bucket.Adopt(s.Limits, source, shared)
	return shared
}

// tellLimit notes what the answer says of the limit. A bucket has no time at
// which all of it comes back at once; what is told is when the next token comes,
// or all are there.
func tellLimit(l *policy.RateLimit, x *exchange, room int64) {
	interval := x.state.Limits.Interval
	left, reset := room/interval, l.Burst*interval-room
	if room < 0 {
		left = 0
		reset = -room
	}
	x.limitPolicy = l.Told
	x.limit = "\"default\";r=" + strconv.FormatInt(left, 10) + ";t=" + strconv.FormatInt(words.Seconds(reset), 10)
}

// tellClient adds to the answer what the limit is.
func tellClient(rw http.ResponseWriter, x *exchange) {
	header := rw.Header()
	header["Ratelimit"] = []string{x.limit}
	header["Ratelimit-Policy"] = []string{x.limitPolicy}
}
