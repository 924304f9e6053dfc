package policy

import (
	"fmt"
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/messagesignature"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

// RateLimit is the compiled option rateLimit.
type RateLimit struct {
	Average int64
	Period  time.Duration
	Burst   int64
	Header  string // canonical; empty where the source is no header
	Host    bool
	Exempt  ipset.Set
	Told    string // RateLimit-Policy; empty where nobody is to be told
	Usual   bool   // the source is the client's address, and nobody is exempt, or told
}

const (
	defaultAverage = 100
	defaultPeriod  = time.Minute
)

func compileRateLimit(n *config.Notes, options *config.RateLimitOptions) *RateLimit {
	if options == nil {
		return nil
	}
	o := *options
	l := &RateLimit{Average: config.NumberOr(o.Average, defaultAverage), Period: config.DurationOr(o.Period, defaultPeriod)}
	l.Burst = config.NumberOr(o.Burst, l.Average)
	if !bucket.Fits(l.Average, l.Period, l.Burst) {
		config.AddProblem(n, "rateLimit", config.KindInvalid, "these numbers can't be counted with; average may be one a nanosecond at most, and a burst may take ten years to fill in")
	}
	if criterion := o.SourceCriterion; criterion != nil {
		l.Header = http.CanonicalHeaderKey(criterion.RequestHeaderName)
		l.Host = criterion.RequestHost
		switch {
		case l.Header != "" && l.Host:
			config.AddProblem(n, "rateLimit.sourceCriterion.requestHost", config.KindContradiction, "contradicts requestHeaderName; there is one source")
		case l.Header != "" && !header.IsName(criterion.RequestHeaderName):
			config.AddProblem(n, "rateLimit.sourceCriterion.requestHeaderName", config.KindInvalid, words.Quote(criterion.RequestHeaderName)+" is not the name of a header")
		}
	}
	l.Exempt = clientip.CompileRanges(n, o.Exempt, "rateLimit.exempt")
	if o.ResponseHeaders {
		l.Told = fmt.Sprintf("\"default\";q=%d;w=%d", l.Average, words.Seconds(int64(l.Period)))
	}
	l.Usual = l.Header == "" && !l.Host && l.Exempt == nil && l.Told == ""
	return l
}

// Ban is the compiled option ban.
type Ban struct {
	Failures int64
	Window   time.Duration
	Duration time.Duration
	Exempt   ipset.Set
}

const (
	defaultBanFailures = 20
	defaultBanWindow   = time.Minute
	defaultBanDuration = 10 * time.Minute
)

// compileBan compiles the option ban, which is on where it is not written.
func compileBan(n *config.Notes, options *config.BanOptions) *Ban {
	o := config.BanOptions{}
	if options != nil {
		o = *options
	}
	if o.Failures < 0 {
		return nil
	}
	b := &Ban{
		Failures: config.NumberOr(o.Failures, defaultBanFailures),
		Window:   config.DurationOr(o.Window, defaultBanWindow),
		Duration: config.DurationOr(o.Duration, defaultBanDuration),
	}
	if b.Duration > bans.MaxDuration {
		config.AddProblem(n, "ban.duration", config.KindInvalid, "must be at most 24h; a sender that was banned by mistake has no other way back")
	}
	b.Exempt = clientip.CompileRanges(n, o.Exempt, "ban.exempt")
	return b
}

// Replay is the compiled option replay.
type Replay struct {
	Window      time.Duration
	Directory   string // where it outlives the process
	OnDuplicate string
	ByDelivery  bool
	Required    bool
}

const maxReplayWindow = 30 * 24 * time.Hour

var (
	onDuplicates = []string{"acknowledge", "reject", "forward"}
	replayBy     = []string{"signature", "delivery"}
)

// compileReplay compiles the option replay, whatever is verified; see fitReplay.
func compileReplay(n *config.Notes, options *config.ReplayOptions, directory string) *Replay {
	if options == nil {
		return nil
	}
	o := *options
	config.CheckLongest(n, "replay.window", o.Window, maxReplayWindow)
	config.CheckKnown(n, "replay.onDuplicate", o.OnDuplicate, onDuplicates)
	config.CheckKnown(n, "replay.by", o.By, replayBy)
	return &Replay{
		Window:      config.DurationOr(o.Window, config.DefaultReplayWindow),
		OnDuplicate: words.OrDefault(o.OnDuplicate, onDuplicates[0]),
		Directory:   directory,
		ByDelivery:  o.By == "delivery",
		Required:    o.Required,
	}
}

// fitReplay says where replay contradicts what is verified, once that is known.
func fitReplay(n *config.Notes, p *Policy) {
	r := p.Replay
	switch {
	case p.MessageSignature != nil:
		fitReplayOfMessage(n, r, p.MessageSignature)
	case p.JWT != nil:
		fitReplayOfJWT(n, r, p.JWT)
	case len(p.Schemes) == 0:
		config.AddProblem(n, "replay", config.KindNoEffect, "has no effect, because nothing is signed: a token is the same in every delivery")
	}
	for _, s := range p.Schemes {
		if s.Items != nil {
			config.AddProblem(n, "replay", config.KindNoEffect, "has no effect on a batch, each item of which is signed for itself: items that have passed could be sent again in another batch")
			break
		}
		if s.Timestamped && r.Window < 2*s.Tolerance+config.ReplayMargin {
			config.AddProblem(n, "replay.window", config.KindInvalid, "must be at least "+(2*s.Tolerance+config.ReplayMargin).String()+", twice tolerance and a minute; a delivery could be sent again otherwise, while its timestamp is still good")
			break
		}
		if r.ByDelivery && !signsID(s) {
			config.AddProblem(n, "replay.by", config.KindInvalid, "can't be delivery, because the scheme does not sign the delivery's id, and anybody could change it")
			break
		}
	}
}

// fitReplayOfMessage is fitReplay for message signatures.
func fitReplayOfMessage(n *config.Notes, r *Replay, v *messagesignature.Verifier) {
	least := v.Tolerance + 2*v.Skew + config.ReplayMargin
	if r.Window < least {
		config.AddProblem(n, "replay.window", config.KindInvalid, "must be at least "+least.String()+", tolerance, twice messageSignature.clockSkew and a minute; a delivery could be sent again otherwise, while its signature is still good")
	}
	if r.ByDelivery && !messagesignature.Signs(v, &v.ID) {
		config.AddProblem(n, "replay.by", config.KindInvalid, "can't be delivery, because nothing demands that the delivery's id is covered, and anybody could change it; name its header in messageSignature.coverIfPresent")
	}
}

// fitReplayOfJWT is fitReplay for tokens: one that is sent with several deliveries does not
// tell them apart.
func fitReplayOfJWT(n *config.Notes, r *Replay, v *jwt.Verifier) {
	life := jwt.Life(v)
	switch {
	case !v.PerDelivery:
		config.AddProblem(n, "replay", config.KindContradiction, "would lose deliveries, because the token says nothing of them, and senders use one for many; where yours makes a new one for each delivery, jwt.perDelivery: true says so")
	case r.ByDelivery && v.ID.Kind != "jwt":
		config.AddProblem(n, "replay.by", config.KindInvalid, "can't be delivery unless the delivery's id is a claim, such as jwt.idField: jwt:jti; anybody could change another")
	case life > 0 && r.Window < life+config.ReplayMargin:
		config.AddProblem(n, "replay.window", config.KindInvalid, "must be at least "+(life+config.ReplayMargin).String()+", because a token may be good for that long; or shorten jwt.maxLifetime, or jwt.maxAge")
	}
}

// signsID says whether a delivery's id can't be changed by whoever has seen one.
func signsID(s *signature.Scheme) bool {
	for i := range s.Signs {
		q := &s.Signs[i]
		switch {
		case q.Kind == "id":
			return true
		case q.Kind == "body" && s.ID.Kind == "json":
			// Not so in a form: a header that nobody signs says whether it is one.
			return true
		case (q.Kind == "url" || q.Kind == "query" || q.Kind == "uri" || q.Kind == "portURL") && s.ID.Kind == "query":
			return true
		}
	}
	return false
}
