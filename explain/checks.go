package explain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// describe tells of the checks, in the order in which the gate has them.
func (j *judgement) describe(at time.Time) {
	p := j.policy
	names := []string{"method"}
	if j.options.Allowlist != nil || j.options.Denylist != nil {
		names = append(names, "client")
	}
	names = append(names, "body")
	if j.handshakes(true) {
		names = append(names, "handshake")
	}
	main := ""
	if p.Token != nil || p.JWT != nil {
		main = "token"
	} else if len(p.Schemes) > 0 || p.MessageSignature != nil {
		main = "signature"
	}
	if main != "" {
		names = append(names, main)
	}
	timestamped := p.MessageSignature != nil
	for _, s := range p.Schemes {
		timestamped = timestamped || s.Timestamped
	}
	if timestamped {
		names = append(names, "timestamp")
	}
	if p.JWT != nil && p.JWT.MaxAge > 0 {
		names = append(names, "timestamp")
	}
	if j.handshakes(false) {
		names = append(names, "handshake of a verified request")
	}
	failed := verdict.Check(j.Reason)
	if !words.Contains([]string{"method", "client", "certificate", "body", "handshake", "timestamp"}, failed) {
		failed = main
	}
	if failed == "handshake" && j.Matched {
		failed = "handshake of a verified request"
	}
	if j.Reason == p.Passes {
		failed = ""
	}
	over := false
	for _, name := range names {
		c := Check{Name: name, State: CheckPassed}
		switch {
		case over:
			c.State = CheckNotReached
		case name == "client" && j.request.RemoteAddr == "":
			c.State = CheckNotJudged
		case name == failed && !j.Answered:
			c.State = CheckFailed
			c.Reason = j.Reason
			if j.Undecided != "" {
				c.State = CheckNotJudged
			}
		}
		over = over || name == failed
		if c.State != CheckNotReached {
			c.Seen = j.seen(name, at)
		}
		j.Checks = append(j.Checks, c)
	}
}

// handshakes says whether there are handshakes of one of both kinds.
func (j *judgement) handshakes(unsigned bool) bool {
	for _, h := range j.policy.Handshakes {
		if h.Unsigned == unsigned {
			return true
		}
	}
	return false
}

// seen returns what the gate saw in one check.
func (j *judgement) seen(check string, at time.Time) []string {
	p := j.policy
	switch check {
	case "method":
		if j.Reason == verdict.MethodNotAllowed {
			return append([]string{j.request.Method + "; allowed: " + policy.AllowedBeside(p, j.request.Method)}, j.unmetConditions(true)...)
		}
		return []string{j.request.Method + "; allowed: " + p.Allow}
	case "client":
		return j.seenClient()
	case "body":
		sum := sha256.Sum256(j.body)
		return []string{fmt.Sprintf("%s, of at most %s; SHA-256 %s", bytesText(int64(len(j.body))), grouped(p.MaxBodyBytes), hex.EncodeToString(sum[:]))}
	case "token":
		if p.JWT != nil {
			return j.seenJWT(at)
		}
		return j.seenToken()
	case "signature":
		if p.MessageSignature != nil {
			return j.seenMessageSignature(at)
		}
		return j.seenSignature()
	case "timestamp":
		return j.seenTimestamp(at)
	}
	if j.Answered {
		return []string{"it is one, and the gate answers it; nothing is forwarded"}
	}
	if j.Reason == verdict.HandshakeRefused {
		return j.refusedHandshake()
	}
	return append([]string{"it is none"}, j.unmetConditions(check == "handshake")...)
}

func (j *judgement) seenClient() []string {
	if j.request.RemoteAddr == "" {
		return []string{"its address is not known here"}
	}
	_, client := clientip.Of(policy.StrategyOf(j.policy), j.request)
	if !client.IsValid() {
		return []string{"the address can't be told by ipStrategy"}
	}
	text := client.String()
	if j.rule != "" {
		text += ", which is in " + j.rule
	} else if j.Reason == verdict.ClientNotAllowed {
		text += ", which is in no list of allowlist"
	}
	return []string{text}
}

// seenTimestamp tells of the time of a signature that is right.
func (j *judgement) seenTimestamp(at time.Time) []string {
	if j.policy.JWT != nil {
		return []string{fmt.Sprintf("%s; judged as of %s, jwt.maxAge is %s", j.Timestamp.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339), j.policy.JWT.MaxAge)}
	}
	if v := j.policy.MessageSignature; v != nil {
		return j.seenMessageTime(v, at)
	}
	s := signature.Meant(&j.trace).Scheme
	if s == nil || !s.Timestamped {
		return []string{"the scheme that verified has none"}
	}
	if j.Timestamp.IsZero() {
		return []string{"it is not of the unit " + s.TimestampUnit + ", or after the year 9999"}
	}
	return []string{fmt.Sprintf("%s; judged as of %s, %s allowed both ways", j.Timestamp.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339), s.Tolerance)}
}

func (j *judgement) seenToken() []string {
	t := j.policy.Token
	lines := []string{}
	m := j.message()
	r := m.Request
	for i := range t.Locations {
		found := message.TextsAt(&t.Locations[i], m)
		lines = append(lines, locationName(&t.Locations[i])+": "+times(len(found)))
		if len(found) == 0 && t.Locations[i].Kind == "header" {
			lines = append(lines, nearHeaders(t.Locations[i].Name, r.Header)...)
		}
	}
	if t.Scheme != "" {
		line := "header Authorization: " + times(len(r.Header["Authorization"]))
		if j.Reason == verdict.TokenMalformed {
			line += ", not as \"" + t.Scheme + "...\""
		}
		lines = append(lines, line)
	}
	switch {
	case j.Secret > 0:
		lines = append(lines, fmt.Sprintf("it is secret %d of %d", j.Secret, len(t.Digests)))
	case j.Reason == verdict.TokenMismatch:
		lines = append(lines, "it is none of "+plural(len(t.Digests), "secret"))
	}
	return lines
}

func times(n int) string {
	switch n {
	case 0:
		return "not there"
	case 1:
		return "there"
	}
	return fmt.Sprintf("there %d times", n)
}

// locationName names a location for people.
func locationName(p *message.Location) string {
	switch p.Kind {
	case "header":
		return "header " + p.Name
	case "query":
		return "parameter " + p.Name + " of the query"
	case "form":
		return "field " + p.Name + " of the form"
	case "multipart":
		return "field " + p.Name + " of the form in multipart/form-data"
	}
	return p.Name + " in the JSON body"
}

// bytesText writes a number of bytes.
func bytesText(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return grouped(n) + " bytes"
}

// grouped writes a number with its thousands apart.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// shown writes a value of a request, short enough for a line.
func shown(text string) string {
	if len(text) > 80 {
		return words.Quote(text) + fmt.Sprintf(" (%s)", bytesText(int64(len(text))))
	}
	return words.Quote(text)
}

// nearHeaders names headers of the request that may be meant by a name that is not
// there.
func nearHeaders(name string, header http.Header) []string {
	near := []string{}
	for _, other := range sortedHeaders(header) {
		if other == name {
			continue
		}
		a, b := foldHeader(name), foldHeader(other)
		if config.Distance(a, b) <= len(a)/3 || strings.HasPrefix(a, b) && len(b) > 5 || strings.HasPrefix(b, a) || strings.HasSuffix(b, "signature") && strings.HasSuffix(a, "signature") {
			near = append(near, other)
		}
	}
	if len(near) == 0 {
		return nil
	}
	if len(near) > 5 {
		near = near[:5]
	}
	return []string{"there is " + strings.Join(near, ", ")}
}

func foldHeader(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", "-"))
}

func sortedHeaders(header http.Header) []string {
	all := map[string]any{}
	for name := range header {
		all[name] = nil
	}
	return config.SortedKeys(all)
}
