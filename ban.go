package hookward

import (
	"net/http"
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
	addFailure(t, client, at, until, banned)
}
