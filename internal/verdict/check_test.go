package verdict

import (
	"net/http"
	"strings"
	"testing"
)

// Each reason belongs to a check, so that no new one is left out of the alerts: who can't
// show a key counts as one that failed to prove who it is.
func TestChecks(t *testing.T) {
	const proof = " certificate signature token timestamp "
	for i := range all {
		v := &all[i]
		name := Check(v.reason)
		if name == "none" || strings.ToLower(name) != name {
			t.Errorf("%s belongs to no check: its row must name one", v.reason)
		}
		if (v.fault || v.status == http.StatusUnauthorized) && name != "handshake" && !strings.Contains(proof, " "+name+" ") {
			t.Errorf("%s is a caller's without a key, and counts for the check %s", v.reason, name)
		}
	}
	for reason, want := range map[string]string{
		Verified: "none", AddressAllowed: "none", SignatureMismatch: "signature", DigestMismatch: "signature", KeyUnknown: "signature",
		AudienceMismatch: "token", TokenExpired: "token", ScopeMissing: "token", IntrospectionUnavailable: "token",
		ClientCertificateMissing: "certificate", TimestampTooOld: "timestamp", HandshakeRefused: "handshake", BodyTooLarge: "body", RateLimited: "rate",
	} {
		if got := Check(reason); got != want {
			t.Errorf("%s belongs to %q, want %q", reason, got, want)
		}
	}
}
