package hookward

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// noteFailure counts a request that has failed verification, and bans its client
// if it was one too many.
func noteFailure(p *policy, r *http.Request, d *decision, now time.Time) {
	b := p.ban
	if b.exempt != nil && isExempt(b.exempt, r, d) {
		return
	}
	client := clientKey(p, r, d)
	t := d.state.bans
	at := sinceStart(now)
	until := at + t.duration
	banned := false
	if d.state.cluster != nil {
		// Who has failed by another secret has not failed by this one.
		rest, err := failShared(d.state.cluster, b.failures, b.window, b.duration, p.verification+client)
		banned = err == nil && rest > 0
		if banned && int64(rest) < t.duration {
			until = at + int64(rest)
		}
	}
	tell, untold := addFailure(t, client, at, until, banned)
	if tell {
		tellBan(p, d, time.Duration(until-at), untold, now)
	}
}

// tellBan tells the operator of a ban, and how to end it.
func tellBan(p *policy, d *decision, rest time.Duration, untold int, now time.Time) {
	network := clientNetwork(p, d.request, d)
	client := strconv.Quote(shortened(d.request.RemoteAddr)) // of a Unix socket
	if network.IsValid() && network.IsSingleIP() {
		client = network.Addr().String()
	} else if network.IsValid() {
		client = network.String()
	}
	text := fmt.Sprintf("%s is banned for %s, because %d requests within %s failed verification; it gets 429 until then, unless ban.exempt has it, or secrets are changed",
		client, rest.Round(time.Second), p.ban.failures, p.ban.window)
	if untold > 0 {
		text += fmt.Sprintf(" (%d more bans were not told, of more than %d a minute)", untold, maxBansTold)
	}
	say("warn", d.gate.name, text, now)
}
