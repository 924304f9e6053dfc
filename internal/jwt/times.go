package jwt

import (
	"time"

	"github.com/hookward/hookward/internal/verdict"
)

// dates are what a token says of its time; zero where it says nothing.
type dates struct {
	expires time.Time
	begins  time.Time
	issued  time.Time
	made    time.Time // what its age is counted from
}

// readTimes reads what a token says of its time. The second result is "" or the reason to
// refuse.
func readTimes(v *Verifier, claims map[string]any) (*dates, string) {
	d := &dates{}
	ok := true
	if claims["exp"] != nil {
		d.expires, ok = Date(claims["exp"])
	}
	if ok && claims["nbf"] != nil {
		d.begins, ok = Date(claims["nbf"])
	}
	if ok && claims["iat"] != nil {
		d.issued, ok = Date(claims["iat"])
		d.made = d.issued
	}
	if ok && v.ageClaim.name != "" {
		d.made = time.Time{}
		value := valueOf(claims, &v.ageClaim)
		if value != nil {
			d.made, ok = Date(value)
		}
	}
	if !ok {
		return d, verdict.TokenMalformed
	}
	if v.MaxAge > 0 && d.made.IsZero() {
		return d, verdict.ClaimMismatch
	}
	return d, ""
}

// checkTimes says whether a token is good now: verified, or the reason to refuse.
func checkTimes(v *Verifier, d *dates, now time.Time) string {
	if !d.expires.IsZero() {
		from := now
		if !d.issued.IsZero() {
			from = d.issued
		}
		if d.expires.Sub(from) > v.maxLifetime {
			return verdict.TokenLifetimeTooLong
		}
		if !now.Before(d.expires.Add(v.Tolerance)) {
			return verdict.TokenExpired
		}
	}
	if d.begins.After(now.Add(v.Tolerance)) || d.issued.After(now.Add(v.Tolerance)) || d.made.After(now.Add(v.Tolerance)) {
		return verdict.TokenNotYetValid
	}
	if v.MaxAge > 0 && now.Sub(d.made) > v.MaxAge+v.Tolerance {
		return verdict.TimestampTooOld
	}
	return verdict.Verified
}
