package hookward

import (
	"fmt"
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/ipset"
)

// rateLimit is the compiled option rateLimit.
type rateLimit struct {
	average int64
	period  time.Duration
	burst   int64
	header  string // canonical; empty where the source is no header
	host    bool
	exempt  ipset.Set
	told    string // RateLimit-Policy; empty where nobody is to be told
}

const (
	defaultAverage = 100
	defaultPeriod  = time.Minute
)

func compileRateLimit(n *notes, options *RateLimitOptions) *rateLimit {
	if options == nil {
		return nil
	}
	o := *options
	l := &rateLimit{average: o.Average, period: o.Period, burst: o.Burst}
	if l.average == 0 {
		l.average = defaultAverage
	}
	if l.period == 0 {
		l.period = defaultPeriod
	}
	if l.burst == 0 {
		l.burst = l.average
	}
	if !bucket.Fits(l.average, l.period, l.burst) {
		addProblem(n, "rateLimit", kindInvalid, "these numbers can't be counted with; average may be one a nanosecond at most, and a burst may take ten years to fill in")
	}
	if criterion := o.SourceCriterion; criterion != nil {
		l.header = http.CanonicalHeaderKey(criterion.RequestHeaderName)
		l.host = criterion.RequestHost
		switch {
		case l.header != "" && l.host:
			addProblem(n, "rateLimit.sourceCriterion.requestHost", kindContradiction, "contradicts requestHeaderName; there is one source")
		case l.header != "" && !isHeaderName(criterion.RequestHeaderName):
			addProblem(n, "rateLimit.sourceCriterion.requestHeaderName", kindInvalid, quote(criterion.RequestHeaderName)+" is not the name of a header")
		}
	}
	l.exempt = compileRanges(n, o.Exempt, "rateLimit.exempt")
	if o.ResponseHeaders {
		l.told = fmt.Sprintf("\"default\";q=%d;w=%d", l.average, seconds(int64(l.period)))
	}
	return l
}

// ban is the compiled option ban.
type ban struct {
	failures int64
	window   time.Duration
	duration time.Duration
	exempt   ipset.Set
}

const (
	defaultBanFailures = 20
	defaultBanWindow   = time.Minute
	defaultBanDuration = 10 * time.Minute
)

// compileBan compiles the option ban, which is on where it is not written.
func compileBan(n *notes, options *BanOptions) *ban {
	o := BanOptions{}
	if options != nil {
		o = *options
	}
	if o.Failures < 0 {
		return nil
	}
	b := &ban{failures: o.Failures, window: o.Window, duration: o.Duration}
	if b.failures == 0 {
		b.failures = defaultBanFailures
	}
	if b.window == 0 {
		b.window = defaultBanWindow
	}
	if b.duration == 0 {
		b.duration = defaultBanDuration
	}
	if b.duration > maxBanDuration {
		addProblem(n, "ban.duration", kindInvalid, "must be at most 24h; a sender that was banned by mistake has no other way back")
	}
	b.exempt = compileRanges(n, o.Exempt, "ban.exempt")
	return b
}

// replay is the compiled option replay.
type replay struct {
	window      time.Duration
	directory   string // where it outlives the process
	onDuplicate string
	byDelivery  bool
	required    bool
}

const (
	defaultReplayWindow = 24 * time.Hour
	maxReplayWindow     = 30 * 24 * time.Hour
	// replayMargin is what the window has to be longer than the time in which a
	// timestamp is accepted: deliveries take a while.
	replayMargin = time.Minute
)

var (
	onDuplicates = []string{"acknowledge", "reject", "forward"}
	replayBy     = []string{"signature", "delivery"}
)

// compileReplay compiles the option replay, whatever is verified; see fitReplay.
func compileReplay(n *notes, options *ReplayOptions, directory string) *replay {
	if options == nil {
		return nil
	}
	o := *options
	r := &replay{window: o.Window, onDuplicate: o.OnDuplicate, directory: directory, byDelivery: o.By == "delivery", required: o.Required}
	if r.window == 0 {
		r.window = defaultReplayWindow
	}
	if r.onDuplicate == "" {
		r.onDuplicate = onDuplicates[0]
	}
	if r.window > maxReplayWindow {
		addProblem(n, "replay.window", kindInvalid, "must be at most 720h")
	}
	if !contains(onDuplicates, r.onDuplicate) {
		addProblem(n, "replay.onDuplicate", kindInvalid, notKnown(r.onDuplicate, onDuplicates))
	}
	if o.By != "" && !contains(replayBy, o.By) {
		addProblem(n, "replay.by", kindInvalid, notKnown(o.By, replayBy))
	}
	return r
}

// fitReplay says where replay contradicts what is verified, once that is known.
func fitReplay(n *notes, r *replay, schemes []*scheme) {
	if len(schemes) == 0 {
		addProblem(n, "replay", kindNoEffect, "has no effect, because nothing is signed: a token is the same in every delivery")
	}
	for _, s := range schemes {
		if s.items != nil {
			addProblem(n, "replay", kindNoEffect, "has no effect on a batch, each item of which is signed for itself: items that have passed could be sent again in another batch")
			break
		}
		if s.timestamped && r.window < 2*s.tolerance+replayMargin {
			addProblem(n, "replay.window", kindInvalid, "must be at least "+(2*s.tolerance+replayMargin).String()+", twice tolerance and a minute; a delivery could be sent again otherwise, while its timestamp is still good")
			break
		}
		if r.byDelivery && !signsID(s) {
			addProblem(n, "replay.by", kindInvalid, "can't be delivery, because the scheme does not sign the delivery's id, and anybody could change it")
			break
		}
	}
}

// signsID says whether a delivery's id can't be changed by whoever has seen one.
func signsID(s *scheme) bool {
	for i := range s.signs {
		q := &s.signs[i]
		switch {
		case q.kind == "id":
			return true
		case q.kind == "body" && s.id.kind == "json":
			// Not so in a form: a header that nobody signs says whether it is one.
			return true
		case (q.kind == "url" || q.kind == "query" || q.kind == "uri" || q.kind == "portURL") && s.id.kind == "query":
			return true
		}
	}
	return false
}
