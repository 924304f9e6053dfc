package hookward

import (
	"strconv"
	"testing"
	"time"
)

func TestCheckTimestamp(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) // 1772366400
	cases := []struct{ name, text, unit, want string }{
		{"now", "1772366400", "s", verified},
		{"oldest", "1772366100", "s", verified},
		{"one second older", "1772366099", "s", timestampTooOld},
		{"newest", "1772366700", "s", verified},
		{"one second newer", "1772366701", "s", timestampTooNew},
		{"milliseconds", "1772366400123", "ms", verified},
		{"oldest millisecond", "1772366100000", "ms", verified},
		{"one millisecond older", "1772366099999", "ms", timestampTooOld},
		{"milliseconds as seconds", "1772366400123", "s", timestampTooNew},
		{"seconds as milliseconds", "1772366400", "ms", timestampTooOld},
		{"rfc3339", "2026-03-01T12:00:00Z", "rfc3339", verified},
		{"rfc3339, nanoseconds", "2026-03-01T12:04:59.999999999Z", "rfc3339", verified},
		{"rfc3339, offset", "2026-03-01T14:30:00+02:30", "rfc3339", verified},
		{"rfc3339, old", "2026-03-01T11:54:59Z", "rfc3339", timestampTooOld},
		{"rfc3339, new", "2026-03-01T12:05:00.001Z", "rfc3339", timestampTooNew},
		{"zero", "0", "s", timestampTooOld},
		{"end of time", "9223372036854775807", "s", timestampTooNew},
		{"end of time in ms", "9223372036854775807", "ms", timestampTooNew},

		{"empty", "", "s", timestampMalformed},
		{"plus", "+1772366400", "s", timestampMalformed},
		{"minus", "-1772366400", "s", timestampMalformed},
		{"leading zero", "01772366400", "s", timestampMalformed},
		{"fraction", "1772366400.0", "s", timestampMalformed},
		{"exponent", "1.7e9", "s", timestampMalformed},
		{"space before", " 1772366400", "s", timestampMalformed},
		{"space after", "1772366400 ", "s", timestampMalformed},
		{"underscore", "1_772_366_400", "s", timestampMalformed},
		{"hexadecimal", "0x69a42b40", "s", timestampMalformed},
		{"overflow", "9223372036854775808", "s", timestampMalformed},
		{"full-width", "１772366400", "s", timestampMalformed},
		{"list", "1772366400,1772366400", "s", timestampMalformed},
		{"rfc3339 where seconds are", "2026-03-01T12:00:00Z", "s", timestampMalformed},
		{"seconds where rfc3339 is", "1772366400", "rfc3339", timestampMalformed},
		{"no zone", "2026-03-01T12:00:00", "rfc3339", timestampMalformed},
		{"space for T", "2026-03-01 12:00:00Z", "rfc3339", timestampMalformed},
		{"leap second", "2026-03-01T11:59:60Z", "rfc3339", timestampMalformed},
		{"hour 24", "2026-02-28T24:00:00Z", "rfc3339", timestampMalformed},
		{"one-digit hour", "2026-03-01T1:00:00Z", "rfc3339", timestampMalformed},
		{"comma fraction", "2026-03-01T12:00:00,5Z", "rfc3339", timestampMalformed},
		{"HTTP date", "Sun, 01 Mar 2026 12:00:00 GMT", "rfc3339", timestampMalformed},
	}
	for _, c := range cases {
		if _, got := checkTimestamp(c.text, c.unit, 5*time.Minute, now); got != c.want {
			t.Errorf("%s (%q): got %s, want %s", c.name, c.text, got, c.want)
		}
	}
}

// A record shows the timestamp that the provider has signed, also where it is
// the reason to refuse; never one that anybody may have written.
func TestTimestampOfTheRecord(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	g := newTestGate("slack", map[string]any{"provider": "slack", "secrets": key}, compile, testTime)
	for _, at := range []time.Time{testTime, testTime.Add(-time.Hour), testTime.Add(time.Hour)} {
		stamp := strconv.FormatInt(at.Unix(), 10)
		mac := hexMACOf("hmac-sha256", key, "v0:"+stamp+":{}")
		d := decide(g, newPost("{}", "X-Slack-Request-Timestamp: "+stamp, "X-Slack-Signature: v0="+mac), testTime)
		if !d.proof.timestamp.Equal(at) || d.forward != at.Equal(testTime) {
			t.Errorf("signed at %v: %s, the record has %v", at, d.reason, d.proof.timestamp)
		}
		d = decide(g, newPost("{ }", "X-Slack-Request-Timestamp: "+stamp, "X-Slack-Signature: v0="+mac), testTime)
		if !d.proof.timestamp.IsZero() || d.forward {
			t.Errorf("forged at %v: %s, the record has %v", at, d.reason, d.proof.timestamp)
		}
	}
}
