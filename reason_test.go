package hookward

import (
	"net/http"
	"testing"
)

// Every reason that refuses has one row, which says how: a reason without one would be
// answered as a wrong signature is, and counted as nothing.
func TestVerdicts(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range verdicts {
		if seen[v.reason] || v.reason == "" || v.reason == verified || v.reason == addressAllowed {
			t.Errorf("%q has two rows, or passes", v.reason)
		}
		seen[v.reason] = true
		if http.StatusText(v.status) == "" || v.status < http.StatusBadRequest {
			t.Errorf("%s: %d does not refuse", v.reason, v.status)
		}
		if v.fault && v.status != http.StatusUnauthorized && v.reason != handshakeRefused {
			t.Errorf("%s: a caller is to blame for a %d", v.reason, v.status)
		}
	}
	for reason, want := range map[string]verdict{
		signatureMismatch: {signatureMismatch, 401, "", true, 3}, timestampTooOld: {timestampTooOld, 401, "timestamp", false, 5},
		configInvalid: {configInvalid, 503, "", false, 0}, rateLimited: {rateLimited, 429, "", false, 0},
	} {
		if statuses[reason] != want.status || checkOf[reason] != want.check || failures[reason] != want.fault || depths[reason] != want.depth {
			t.Errorf("%s: %d %q %t %d, want %+v", reason, statuses[reason], checkOf[reason], failures[reason], depths[reason], want)
		}
	}
}
