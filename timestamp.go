package hookward

import (
	"strconv"
	"time"
)

// timestampUnits are the values of the option signature.timestampUnit.
var timestampUnits = []string{"s", "ms", "rfc3339"}

// checkTimestamp returns verified, or the reason to refuse. Numbers must
// be written the one way that numbers are: no sign, no space, no leading zero.
func checkTimestamp(text, unit string, tolerance time.Duration, now time.Time) string {
	var at time.Time
	if unit == "rfc3339" {
		// UnmarshalText is strict, Parse is not: it takes one-digit hours.
		if at.UnmarshalText([]byte(text)) != nil {
			return timestampMalformed
		}
	} else {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
			return timestampMalformed
		}
		if unit == "ms" {
			at = time.UnixMilli(n)
		} else {
			at = time.Unix(n, 0)
		}
	}
	age := now.Sub(at) // at the ends of the range where it would overflow
	if age > tolerance {
		return timestampTooOld
	}
	if age < -tolerance {
		return timestampTooNew
	}
	return verified
}
