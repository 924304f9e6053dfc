package signature

import (
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/verdict"
)

// timestampUnits are the values of the option signature.timestampUnit.
var timestampUnits = []string{"s", "ms", "epoch", "rfc3339", "http"}

// rfc3339 is the form that time.Parse is too lenient about: it takes one-digit
// hours and a comma before the fraction (golang.org/issue/54580).
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)

// lastSecond is the end of the year 9999. A time.Time far beyond it wraps around
// and would look old, or worse, fresh.
const lastSecond = 253402300799

// firstMillisecond is the number from which on the unit epoch takes timestamps
// for milliseconds: as those it is in 1973, as seconds in 5138.
const firstMillisecond = 100_000_000_000

// CheckTimestamp returns the time that is meant, and verified or the reason to
// refuse. Numbers must be written the one way that numbers are: no sign, no
// space, no leading zero.
func CheckTimestamp(text, unit string, tolerance time.Duration, now time.Time) (time.Time, string) {
	var at time.Time
	if unit == "http" {
		parsed, err := time.Parse(http.TimeFormat, text)
		if err != nil || parsed.Format(http.TimeFormat) != text {
			return at, verdict.TimestampMalformed
		}
		at = parsed
	} else if unit == "rfc3339" {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil || !rfc3339.MatchString(text) {
			return at, verdict.TimestampMalformed
		}
		at = parsed
	} else {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
			return at, verdict.TimestampMalformed
		}
		if unit == "ms" || unit == "epoch" && n >= firstMillisecond {
			at = time.UnixMilli(n)
			n /= 1000
		} else {
			at = time.Unix(n, 0)
		}
		if n > lastSecond {
			return time.Time{}, verdict.TimestampTooNew // no record can show such a year
		}
	}
	age := now.Sub(at) // Sub stops at the ends of its range, it does not wrap
	if age > tolerance {
		return at, verdict.TimestampTooOld
	}
	if age < -tolerance {
		return at, verdict.TimestampTooNew
	}
	return at, verdict.Verified
}
