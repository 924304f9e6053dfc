package policy

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

// Delivery is the compiled option delivery.
type Delivery struct {
	Accept      bool // store first, ask the backend then
	PassFailure bool // the sender gets the backend's answer, though the delivery is stored
	Timeout     time.Duration
	IDHeader    string // one more that has the delivery's id; canonical
	Directory   string // stateDirectory, which has what Shared does not store
	Shared      *Redis // what has the deliveries; nil: that directory alone
	Place       string // another text where deliveries are elsewhere
	Options     delivery.Options
	SignKey     []byte   // signs each attempt for the backend; nil where nobody asks
	Tokens      []string // what of a request is not stored, such as header:NAME: see Refill
	Token       string   // what is put in its place

	Letters []audit.Spec // where the dead are handed to, in the order of Options.Outputs
	Private []string     // headers that no dead letter has; canonical
}

const (
	defaultDeliveryTimeout = 8 * time.Second
	maxDeliveryTimeout     = time.Hour
	defaultConcurrency     = 4
	maxConcurrency         = 64
	defaultJitter          = 0.2
	maxSteps               = 32
	maxStep                = 24 * time.Hour
	defaultMaxAge          = 24 * time.Hour
	defaultMaxRetryAfter   = time.Hour
	maxDeliveryAge         = 30 * 24 * time.Hour
	defaultStoreBytes      = 1 << 30
	defaultStoreDeliveries = 10_000
	maxStoreDeliveries     = 1_000_000
	defaultKeep            = 30 * 24 * time.Hour
	maxKeepDelivered       = 30 * 24 * time.Hour
)

var (
	deliveryModes   = []string{"sync", "accept"}
	onFailures      = []string{"accept", "pass"}
	defaultSchedule = []string{"1s", "5s", "25s", "2m", "10m", "30m", "1h", "3h", "6h", "12h"}
	defaultOn       = []string{onNetwork, "408", "425", "429", "500-599"}
)

// onNetwork is the word of delivery.retry.on for no answer.
const onNetwork = "network"

// compileDelivery compiles the option delivery, once it is known what is verified.
func compileDelivery(n *config.Notes, resolver *secrets.Resolver, options config.Options, p *Policy, row *config.Provider) *Delivery {
	if options.Delivery == nil {
		return nil
	}
	o := *options.Delivery
	wrong := func(option, kind, text string) { config.AddProblem(n, "delivery"+option, kind, text) }
	d := &Delivery{Accept: o.Mode == "accept", PassFailure: o.OnFailure == "pass", Directory: options.StateDirectory, Place: options.StateDirectory}
	config.CheckKnown(n, "delivery.mode", o.Mode, deliveryModes)
	config.CheckKnown(n, "delivery.onFailure", o.OnFailure, onFailures)
	if d.Accept && d.PassFailure {
		wrong(".onFailure", config.KindContradiction, "contradicts mode: accept, where the sender has its answer before the backend is asked")
	}
	compilePlace(n, d, options, p)
	if p.AddressOnly {
		wrong("", config.KindNoEffect, "has no effect, because nothing is verified: only verified deliveries are stored")
	}
	compileTimes(n, d, o, row)
	compileSchedule(n, d, o.Retry)
	compileStore(n, resolver, d, o, p)
	compileIDHeader(n, d, o.IDHeader)
	compileDeadLetters(n, resolver, d, o.DeadLetter, p)
	if o.Sign != nil && o.Sign.Secret == "" {
		wrong(".sign.secret", config.KindRequired, "is required; write env:NAME or file:/path")
	} else if o.Sign != nil {
		d.SignKey = secrets.ResolveOption(resolver, n, "delivery.sign.secret", o.Sign.Secret, "whsec")
	}
	fitDelivery(n, d, p, row)
	noteTokens(n, d, p.Token)
	if p.JWT != nil && p.JWT.Forwards && !p.JWT.Bound && len(d.Options.Keys) == 0 {
		wrong(".store.encryptionKeys", config.KindRequired, "are required, because the backend gets the token, which is good for other deliveries and would lie in the store in clear")
	}
	return d
}

// WindowOf returns for how long a delivery's claim is remembered; 0 without replay.
func WindowOf(p *Policy) time.Duration {
	if p.Replay == nil {
		return 0
	}
	return p.Replay.Window
}

// compileTimes compiles what says how long, and how many at once.
func compileTimes(n *config.Notes, d *Delivery, o config.DeliveryOptions, row *config.Provider) {
	waits := row.Habits.WaitsFor
	d.Timeout = o.Timeout
	if d.Timeout == 0 {
		d.Timeout = defaultDeliveryTimeout
		if waits > 0 && waits*4/5 < d.Timeout {
			d.Timeout = waits * 4 / 5
		}
	}
	config.CheckLongest(n, "delivery.timeout", d.Timeout, maxDeliveryTimeout)
	if o.Timeout >= waits && waits > 0 && !d.Accept {
		config.AddWarning(n, "delivery.timeout", config.KindInvalid, fmt.Sprintf("is %s, and the provider waits for %s: it hears nothing of a delivery that was stored after that, and may send it again", o.Timeout, waits))
	}
	d.Options.Lease = 2*d.Timeout + 5*time.Second
	d.Options.Concurrency = int(config.NumberOr(o.Concurrency, defaultConcurrency))
	config.CheckMost(n, "delivery.concurrency", o.Concurrency, maxConcurrency)
	if o.Rate == nil {
		return
	}
	if o.Rate.Average == 0 {
		config.AddProblem(n, "delivery.rate.average", config.KindRequired, "is required: how many deliveries are tried in a period")
		return
	}
	d.Options.Interval = config.DurationOr(o.Rate.Period, time.Second) / time.Duration(o.Rate.Average)
	if d.Options.Interval < time.Millisecond {
		config.AddProblem(n, "delivery.rate", config.KindInvalid, "must be at most 1000 a second; leave it out to have no limit but concurrency")
	}
}

// compileSchedule compiles when a delivery is tried again.
func compileSchedule(n *config.Notes, d *Delivery, options *config.RetryOptions) {
	o := config.RetryOptions{}
	if options != nil {
		o = *options
	}
	wrong := func(option, text string) { config.AddProblem(n, "delivery.retry."+option, config.KindInvalid, text) }
	s := &retry.Schedule{
		Jitter:        defaultJitter,
		MaxAge:        config.DurationOr(o.MaxAge, defaultMaxAge),
		MaxRetryAfter: config.DurationOr(o.MaxRetryAfter, defaultMaxRetryAfter),
	}
	d.Options.Schedule = s
	if o.Schedule == nil {
		o.Schedule = defaultSchedule
	}
	if len(o.Schedule) > maxSteps {
		wrong("schedule", fmt.Sprintf("has more than %d pauses", maxSteps))
	}
	for i, text := range o.Schedule {
		step, err := time.ParseDuration(text)
		if err != nil || step <= 0 || step > maxStep {
			wrong(fmt.Sprintf("schedule[%d]", i), words.Quote(text)+" is not a pause of at most 24h with a unit, such as 5s, 2m or 12h")
		}
		s.Steps = append(s.Steps, step)
	}
	if o.Jitter != "" {
		jitter, err := strconv.ParseFloat(o.Jitter, 64)
		if err != nil || !(jitter >= 0 && jitter <= 1) {
			wrong("jitter", words.Quote(o.Jitter)+" is not a number from 0 to 1, such as 0.2")
		}
		s.Jitter = jitter
	}
	config.CheckLongest(n, "delivery.retry.maxAge", o.MaxAge, maxDeliveryAge)
	config.CheckLongest(n, "delivery.retry.maxRetryAfter", o.MaxRetryAfter, maxStep)
	if o.On == nil {
		o.On = defaultOn
	}
	for i, text := range o.On {
		if text == onNetwork {
			s.Network = true
			continue
		}
		r, ok := retry.ParseRange(text)
		if !ok {
			wrong(fmt.Sprintf("on[%d]", i), words.Quote(text)+" is neither network nor a status from 400 to 599, nor a range of them such as 500-599")
		}
		s.On = append(s.On, r)
	}
}

func compileIDHeader(n *config.Notes, d *Delivery, name string) {
	d.IDHeader = http.CanonicalHeaderKey(name)
	switch {
	case name == "":
	case !header.IsName(name):
		config.AddProblem(n, "delivery.idHeader", config.KindInvalid, words.Quote(name)+" is not the name of a header")
	case strings.HasPrefix(d.IDHeader, "X-Hookward-"):
		config.AddProblem(n, "delivery.idHeader", config.KindInvalid, "can't begin with X-Hookward-, which is the gate's; X-Hookward-Id has the id in any case")
	}
}

// fitDelivery says where delivery contradicts the other options, or the sender.
func fitDelivery(n *config.Notes, d *Delivery, p *Policy, row *config.Provider) {
	if d.Accept && row.Habits.ReadsAnswer {
		config.AddProblem(n, "delivery.mode", config.KindContradiction, "can't be accept, because this provider does something with the backend's answer; leave it at sync")
	}
	r := p.Replay
	d.Options.Window = WindowOf(p)
	if r != nil && r.Window < d.Options.Schedule.MaxAge {
		config.AddProblem(n, "replay.window", config.KindInvalid, fmt.Sprintf("must be at least %s, which is delivery.retry.maxAge; the sender's repeat of a delivery that still waits would be delivered beside it", d.Options.Schedule.MaxAge))
	}
	if r == nil && len(p.Schemes) > 0 && len(n.Problems) == 0 {
		config.AddWarning(n, "delivery", config.KindInvalid, "without replay, a sender that repeats a delivery which is stored has it delivered twice; replay: true ends that")
	}
	if verifiedNames(p)[d.IDHeader] {
		config.AddProblem(n, "delivery.idHeader", config.KindContradiction, "is a header that the sender has signed, or sends its signature in")
	}
}
