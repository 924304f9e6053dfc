package config

import (
	"time"
)

// DeliveryOptions say what becomes of a verified delivery that the backend can't take at
// the moment.
type DeliveryOptions struct {
	// Mode is `sync` (the backend is asked while the sender waits, and its answer goes to
	// the sender; what fails for now is stored, answered with 202 and tried again) or
	// `accept` (each delivery is stored and answered with 202 first, and then handed to
	// the backend). Default: `sync`.
	Mode string `json:"mode"`

	// Timeout is how long each attempt may take until the backend begins to answer.
	// Default: `8s`, or four fifths of what the provider is known to wait, if that is
	// less.
	Timeout time.Duration `json:"timeout"`

	// Retry says when a delivery is tried again.
	Retry *RetryOptions `json:"retry"`

	// Concurrency is how many deliveries of this middleware are tried in the background
	// at once, up to 64. Default: `4`.
	Concurrency int64 `json:"concurrency"`

	// Rate limits how often a delivery is tried in the background. Default: no limit but
	// `concurrency`.
	Rate *DeliveryRateOptions `json:"rate"`

	// OnFailure is what the sender gets in the mode `sync` where a delivery has failed for
	// now and is stored: `accept` (202) or `pass` (the backend's answer).
	// Default: `accept`.
	OnFailure string `json:"onFailure"`

	// Store says where deliveries wait.
	Store *DeliveryStoreOptions `json:"store"`

	// DeadLetter says what becomes of deliveries that are given up.
	DeadLetter *DeadLetterOptions `json:"deadLetter"`

	// IDHeader is the name of one more header that has the delivery's id, the same at each
	// attempt, such as `Idempotency-Key`. `X-Hookward-Id` always has it.
	IDHeader string `json:"idHeader"`

	// Sign signs each attempt anew, as Standard Webhooks has it, so that a backend needs
	// one verifier for all senders, and no old timestamp is refused.
	Sign *DeliverySignOptions `json:"sign"`
}

// DeliverySignOptions say how the gate signs for the backend. The headers are `webhook-id`
// (the delivery's id), `webhook-timestamp` (of this attempt) and `webhook-signature` (`v1`,
// HMAC with SHA-256); what a sender has sent by these names is replaced.
type DeliverySignOptions struct {
	// Secret is the key that the backend knows, as `whsec_` and base64, written like one
	// of `secrets`. Required.
	Secret string `json:"secret"`
}

// RetryOptions say when a delivery is tried again.
type RetryOptions struct {
	// Schedule are the pauses before each further attempt, at most 32 of them, each up to
	// 24h. Default: `1s, 5s, 25s, 2m, 10m, 30m, 1h, 3h, 6h, 12h`.
	Schedule []string `json:"schedule"`

	// Jitter is which part of a pause is added to it at random at most, from `0` to `1`,
	// so that those who have failed together don't come back together. Default: `0.2`.
	Jitter string `json:"jitter"`

	// On are the failures that are for now: statuses and ranges of them, from 400 to 599,
	// and `network` for no answer at all. Traefik says 502, 503 or 504 there, so these
	// statuses count as `network`, too. All other statuses but 2xx are for good.
	// Default: `network, 408, 425, 429, 500-599`.
	On []string `json:"on"`

	// MaxAge is for how long, since its arrival, a delivery is tried again. Time in which
	// no Traefik ran does not count. Default: `24h`.
	MaxAge time.Duration `json:"maxAge"`

	// MaxRetryAfter bounds the pause that the backend may ask for with `Retry-After`, which
	// makes a pause longer and never shorter. Default: `1h`.
	MaxRetryAfter time.Duration `json:"maxRetryAfter"`
}

// DeliveryRateOptions limit how often a delivery is tried in the background.
type DeliveryRateOptions struct {
	// Average is how many are tried in a period.
	Average int64 `json:"average"`

	// Period is the time that `average` is for. Default: `1s`.
	Period time.Duration `json:"period"`
}

// DeliveryStoreOptions say where deliveries wait.
type DeliveryStoreOptions struct {
	// Type is `disk` (a directory of `stateDirectory`, one file for each) or `redis` (the
	// server that the option `redis` names, for several Traefiks together; what it does not
	// store waits on the disk, if there is a `stateDirectory`).
	// Default: `disk`.
	Type string `json:"type"`

	// MaxBytes is how many bytes all deliveries may have together, of all Traefiks with
	// the type `redis`, and once more on a disk beside that. What comes then is not
	// stored, and its sender is told so. Default: `1073741824`.
	MaxBytes int64 `json:"maxBytes"`

	// MaxDeliveries is how many deliveries may be stored, the dead ones included, and
	// those of all Traefiks with the type `redis`.
	// Default: `10000`.
	MaxDeliveries int64 `json:"maxDeliveries"`

	// EncryptionKeys encrypt what is stored (AES-256-GCM): 32 bytes in base64, as
	// `env:NAME` or `file:/path`, newest first. The first encrypts, all decrypt. Without
	// them they are in clear: files for Traefik's user alone, and in Redis for all who may
	// read it.
	EncryptionKeys []string `json:"encryptionKeys" decode:"whole"`

	// KeepDelivered is for how long what was delivered stays in the store, with its headers
	// and body, to be looked at and replayed: at most 720h, and only with the type `disk`.
	// It has the room that all else leaves: the oldest give way. Default: `0s`, nothing
	// stays, because payloads are private.
	KeepDelivered time.Duration `json:"keepDelivered" decode:"none"`
}
