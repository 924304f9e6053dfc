package verdict

import (
	"net/http"
	"testing"
)

// Every reason that refuses has one row, which says how: a reason without one would be
// answered as a wrong signature is, and counted as nothing.
func TestVerdicts(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range all {
		if seen[v.reason] || v.reason == "" || v.reason == Verified || v.reason == AddressAllowed {
			t.Errorf("%q has two rows, or passes", v.reason)
		}
		seen[v.reason] = true
		if http.StatusText(v.status) == "" || v.status < http.StatusBadRequest && v.reason != DeliveryStored {
			t.Errorf("%s: %d does not refuse", v.reason, v.status)
		}
		if v.fault && v.status != http.StatusUnauthorized && v.reason != HandshakeRefused {
			t.Errorf("%s: a caller is to blame for a %d", v.reason, v.status)
		}
	}
	for reason, want := range map[string]verdict{
		SignatureMismatch: {SignatureMismatch, 401, "signature", true, 3}, TimestampTooOld: {TimestampTooOld, 401, "timestamp", false, 5},
		ConfigInvalid: {ConfigInvalid, 503, "configuration", false, 0}, RateLimited: {RateLimited, 429, "rate", false, 0},
	} {
		if Statuses[reason] != want.status || Check(reason) != want.check || Failures[reason] != want.fault || Depths[reason] != want.depth {
			t.Errorf("%s: %d %q %t %d, want %+v", reason, Statuses[reason], Check(reason), Failures[reason], Depths[reason], want)
		}
	}
}
