package ship

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/sqs"
)

// MessageOutcome is what has become of a message for SQS. Where it is none of taken, too
// large and refused, it may be taken when it is sent again.
type MessageOutcome struct {
	Taken    bool
	TooLarge bool // for its queue
	Refused  bool // as others may not be
	Wait     time.Duration
	Problem  string // for the operator, without any text of the message
}

var (
	// regionOfHost finds the region in the names of SQS' endpoints: those of today, dual
	// stack and FIPS included, of a VPC, and of old.
	regionOfHost = regexp.MustCompile(`(?:^|\.)sqs(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-[0-9]{1,2})\.`)
	regionOfOld  = regexp.MustCompile(`^([a-z]{2}(?:-[a-z]+)+-[0-9]{1,2})\.queue\.amazonaws\.com`)
	isRegion     = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	isQueuePath  = regexp.MustCompile(`^/(?:queue/)?[0-9]{12}/([A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$`)
	isKeyID      = regexp.MustCompile(`^[!-.0-~]{1,128}$`)
)

// completeSQS checks what is particular to sqs.
func completeSQS(t *Target, wrong func(option, text string)) {
	if checkURL(*t, wrong); t.URL == "" {
		return
	}
	u, err := url.Parse(t.URL)
	if err != nil {
		return
	}
	if !isQueuePath.MatchString(u.Path) || strings.Contains(t.URL, "?") {
		wrong("url", "must be a queue's URL, such as https://sqs.eu-central-1.amazonaws.com/123456789012/hooks-dlq")
	}
	if t.Region == "" {
		found := regionOfHost.FindStringSubmatch(u.Host)
		if found == nil {
			found = regionOfOld.FindStringSubmatch(u.Host)
		}
		if found != nil {
			t.Region = found[1]
		}
	}
	switch {
	case t.Region == "":
		wrong("region", "is required, because the queue's URL does not tell it")
	case !isRegion.MatchString(t.Region):
		wrong("region", "must be a region such as eu-central-1")
	}
	if t.Endpoint == "" {
		t.Endpoint = u.Scheme + "://" + u.Host
	} else {
		checkEndpoint(*t, wrong)
	}
	switch {
	case t.Keys.AccessKeyID == "":
		wrong("accessKeyID", "is required")
	case !isKeyID.MatchString(t.Keys.AccessKeyID):
		wrong("accessKeyID", "must be the id of an access key, such as AKIAIOSFODNN7EXAMPLE")
	}
	if t.Keys.SecretAccessKey == "" {
		wrong("secretAccessKey", "is required")
	}
	checkCredential("secretAccessKey", t.Keys.SecretAccessKey, wrong)
	checkCredential("sessionToken", t.Keys.SessionToken, wrong)
}

func checkEndpoint(t Target, wrong func(option, text string)) {
	u, err := url.Parse(t.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || strings.ContainsAny(t.Endpoint, "?#") {
		wrong("endpoint", "must be a scheme and a host, such as https://vpce-0a1b2c3d.sqs.eu-central-1.vpce.amazonaws.com")
	}
}

// QueueOf returns the name of the queue at a URL.
func QueueOf(address string) string {
	return address[strings.LastIndexByte(address, '/')+1:]
}

// SendMessage sends a message to the queue of a target of the type sqs, once. There can be
// one call at a time.
func SendMessage(s *Sender, m *sqs.Message) MessageOutcome {
	if sqs.Size(m) > sqs.MaxSize {
		return MessageOutcome{TooLarge: true, Problem: s.shown + " takes no message of this size"}
	}
	body, err := sqs.Encode(m)
	if err != nil {
		return MessageOutcome{Refused: true, Problem: "a message can't be written as JSON"}
	}
	u, err := url.Parse(s.endpoint)
	if err != nil {
		return MessageOutcome{Problem: s.shown + " can't be asked"}
	}
	header := http.Header{"Content-Type": {sqs.ContentType}, "X-Amz-Target": {sqs.Target}}
	sqs.Sign(header, http.MethodPost, u.Host, s.target.Region, &s.target.Keys, body, time.Now())
	header.Set("User-Agent", "hookward") // which a proxy may change
	a := postWith(s, s.endpoint, header, body)
	if a.status == 0 {
		return MessageOutcome{Problem: a.problem}
	}
	r := &sqs.Answer{}
	if a.whole {
		r = sqs.Read(m, a.status, a.body)
	}
	if r.Taken {
		return MessageOutcome{Taken: true}
	}
	o := MessageOutcome{TooLarge: r.TooLarge, Refused: r.Refused, Wait: a.wait, Problem: answered(s, a)}
	switch {
	case r.Altered:
		o.Problem += ", but has kept something else than what was sent"
	case r.Code != "":
		o.Problem += ": " + r.Code + skew(a, time.Now())
	case a.status >= 300 && a.status <= 399:
		o.Problem += ", a redirect, which is not followed"
	default:
		o.Problem += ", but not as SQS does"
	}
	return o
}

// maxSkew is by how much clocks may differ before AWS refuses a signature: five minutes.
const maxSkew = 4 * time.Minute

// skew says by how much this machine's clock differs from that of a server that has
// refused a request, where that may be why.
func skew(a *answer, now time.Time) string {
	if a.status != http.StatusForbidden && a.status != http.StatusBadRequest || a.date.IsZero() {
		return ""
	}
	off := now.Sub(a.date).Round(time.Second)
	switch {
	case off > maxSkew:
		return "; this machine's clock is " + off.String() + " ahead of the server's, and AWS refuses more than 5m"
	case off < -maxSkew:
		return "; this machine's clock is " + (-off).String() + " behind the server's, and AWS refuses more than 5m"
	}
	return ""
}
