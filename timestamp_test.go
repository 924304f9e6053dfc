package hookward

import (
	"strconv"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

func TestCheckTimestamp(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) // 1772366400
	cases := []struct{ name, text, unit, want string }{
		{"now", "1772366400", "s", verdict.Verified},
		{"oldest", "1772366100", "s", verdict.Verified},
		{"one second older", "1772366099", "s", verdict.TimestampTooOld},
		{"newest", "1772366700", "s", verdict.Verified},
		{"one second newer", "1772366701", "s", verdict.TimestampTooNew},
		{"milliseconds", "1772366400123", "ms", verdict.Verified},
		{"oldest millisecond", "1772366100000", "ms", verdict.Verified},
		{"one millisecond older", "1772366099999", "ms", verdict.TimestampTooOld},
		{"milliseconds as seconds", "1772366400123", "s", verdict.TimestampTooNew},
		{"seconds as milliseconds", "1772366400", "ms", verdict.TimestampTooOld},
		{"rfc3339", "2026-03-01T12:00:00Z", "rfc3339", verdict.Verified},
		{"rfc3339, nanoseconds", "2026-03-01T12:04:59.999999999Z", "rfc3339", verdict.Verified},
		{"rfc3339, offset", "2026-03-01T14:30:00+02:30", "rfc3339", verdict.Verified},
		{"rfc3339, old", "2026-03-01T11:54:59Z", "rfc3339", verdict.TimestampTooOld},
		{"rfc3339, new", "2026-03-01T12:05:00.001Z", "rfc3339", verdict.TimestampTooNew},
		{"zero", "0", "s", verdict.TimestampTooOld},
		{"end of time", "9223372036854775807", "s", verdict.TimestampTooNew},
		{"end of time in ms", "9223372036854775807", "ms", verdict.TimestampTooNew},

		{"empty", "", "s", verdict.TimestampMalformed},
		{"plus", "+1772366400", "s", verdict.TimestampMalformed},
		{"minus", "-1772366400", "s", verdict.TimestampMalformed},
		{"leading zero", "01772366400", "s", verdict.TimestampMalformed},
		{"fraction", "1772366400.0", "s", verdict.TimestampMalformed},
		{"exponent", "1.7e9", "s", verdict.TimestampMalformed},
		{"space before", " 1772366400", "s", verdict.TimestampMalformed},
		{"space after", "1772366400 ", "s", verdict.TimestampMalformed},
		{"underscore", "1_772_366_400", "s", verdict.TimestampMalformed},
		{"hexadecimal", "0x69a42b40", "s", verdict.TimestampMalformed},
		{"overflow", "9223372036854775808", "s", verdict.TimestampMalformed},
		{"full-width", "１772366400", "s", verdict.TimestampMalformed},
		{"list", "1772366400,1772366400", "s", verdict.TimestampMalformed},
		{"rfc3339 where seconds are", "2026-03-01T12:00:00Z", "s", verdict.TimestampMalformed},
		{"seconds where rfc3339 is", "1772366400", "rfc3339", verdict.TimestampMalformed},
		{"no zone", "2026-03-01T12:00:00", "rfc3339", verdict.TimestampMalformed},
		{"space for T", "2026-03-01 12:00:00Z", "rfc3339", verdict.TimestampMalformed},
		{"leap second", "2026-03-01T11:59:60Z", "rfc3339", verdict.TimestampMalformed},
		{"hour 24", "2026-02-28T24:00:00Z", "rfc3339", verdict.TimestampMalformed},
		{"one-digit hour", "2026-03-01T1:00:00Z", "rfc3339", verdict.TimestampMalformed},
		{"comma fraction", "2026-03-01T12:00:00,5Z", "rfc3339", verdict.TimestampMalformed},
		{"HTTP date", "Sun, 01 Mar 2026 12:00:00 GMT", "rfc3339", verdict.TimestampMalformed},
	}
	for _, c := range cases {
		if _, got := signature.CheckTimestamp(c.text, c.unit, 5*time.Minute, now); got != c.want {
			t.Errorf("%s (%q): got %s, want %s", c.name, c.text, got, c.want)
		}
	}
}

// A record shows the timestamp that the provider has signed, also where it is
// the reason to refuse; never one that anybody may have written.
func TestTimestampOfTheRecord(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	g := newTestGate("slack", map[string]any{"provider": "slack", "secrets": key}, hooktest.TestTime)
	for _, at := range []time.Time{hooktest.TestTime, hooktest.TestTime.Add(-time.Hour), hooktest.TestTime.Add(time.Hour)} {
		stamp := strconv.FormatInt(at.Unix(), 10)
		mac := hooktest.HexMACOf("hmac-sha256", key, "v0:"+stamp+":{}")
		x := decide(g, hooktest.NewPost("{}", "X-Slack-Request-Timestamp: "+stamp, "X-Slack-Signature: v0="+mac), hooktest.TestTime)
		if !x.proof.Timestamp.Equal(at) || x.forward != at.Equal(hooktest.TestTime) {
			t.Errorf("signed at %v: %s, the record has %v", at, x.reason, x.proof.Timestamp)
		}
		x = decide(g, hooktest.NewPost("{ }", "X-Slack-Request-Timestamp: "+stamp, "X-Slack-Signature: v0="+mac), hooktest.TestTime)
		if !x.proof.Timestamp.IsZero() || x.forward {
			t.Errorf("forged at %v: %s, the record has %v", at, x.reason, x.proof.Timestamp)
		}
	}
}
