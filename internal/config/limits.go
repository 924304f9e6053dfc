package config

import (
	"time"
)

const DefaultReplayWindow = 24 * time.Hour

// ReplayMargin is what the window has to be longer than the time in which a
// timestamp is accepted: deliveries take a while.
const ReplayMargin = time.Minute

// RateLimitOptions say how often one source may call. `average`, `period`,
// `burst` and `sourceCriterion` are those of Traefik's own middleware.
type RateLimitOptions struct {
	// Average is how many requests a source may send in a period, on the long
	// run. Default: `100`.
	Average int64 `json:"average"`

	// Period is the time that `average` is for. Default: `1m`.
	Period time.Duration `json:"period"`

	// Burst is how many requests a source may send at once. Default: `average`.
	Burst int64 `json:"burst"`

	// SourceCriterion says what makes a source. Default: the client's address,
	// of IPv6 the network of 64 bits, or of `ipStrategy.ipv6Subnet`.
	SourceCriterion *SourceCriterionOptions `json:"sourceCriterion"`

	// Exempt are addresses and CIDRs of clients that are not limited.
	Exempt []string `json:"exempt"`

	// ResponseHeaders adds `RateLimit` and `RateLimit-Policy` to each answer, as
	// in the IETF's draft-ietf-httpapi-ratelimit-headers. Default: `false`.
	ResponseHeaders bool `json:"responseHeaders"`
}

// SourceCriterionOptions say what makes a source.
type SourceCriterionOptions struct {
	// RequestHeaderName is the name of a header of which each value is a source.
	// Anybody can send any value, unless a proxy in front sets it.
	RequestHeaderName string `json:"requestHeaderName"`

	// RequestHost makes each host that is called a source. Default: `false`.
	RequestHost bool `json:"requestHost"`
}

// BanOptions say when a client is refused for a while that has been refused by
// the verification again and again. Failures is -1 where the option is `false`.
type BanOptions struct {
	// Failures is how many requests that fail verification, within `window`, a
	// client is banned for. Default: `20`.
	Failures int64 `json:"failures"`

	// Window is the time that `failures` are counted in. Default: `1m`.
	Window time.Duration `json:"window"`

	// Duration is how long a ban lasts. Default: `10m`.
	Duration time.Duration `json:"duration"`

	// Exempt are addresses and CIDRs of clients that are never banned.
	Exempt []string `json:"exempt"`
}

// ReplayOptions say how often one delivery may pass.
type ReplayOptions struct {
	// Window is how long a delivery is remembered, once the backend has answered
	// it with 2xx: up to `720h`, and where the scheme signs a timestamp, at least
	// twice `tolerance` plus a minute. Default: `24h`.
	Window time.Duration `json:"window"`

	// OnDuplicate is what becomes of a remembered delivery that comes again:
	// `acknowledge` (200, and it is not forwarded), `reject` (409), or `forward`.
	// Default: `acknowledge`.
	OnDuplicate string `json:"onDuplicate"`

	// By is what makes two deliveries the same: `signature`, what is signed, or
	// `delivery`, the delivery's id, where the scheme signs it.
	// Default: `signature`.
	By string `json:"by"`

	// Required answers 503 where a delivery can't be remembered. Without it, the
	// oldest delivery is forgotten where there are too many, and while `redis` can't
	// be asked, what this Traefik remembers by itself counts. Default: `false`.
	Required bool `json:"required"`
}
