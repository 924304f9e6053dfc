package deadletter

// dataset is the same in all dead letters.
const dataset = "hookward.dead_letter"

// Letter is a dead letter as the outputs of the audit log get it. docs/delivery.md has its
// fields.
type Letter struct {
	// Time is when the delivery died, in UTC, to the microsecond.
	Time string `json:"@timestamp"`

	// ECSVersion is the version of the Elastic Common Schema.
	ECSVersion string `json:"ecs.version"`

	// ID is the delivery's id and the number of its attempts. It is the same each time that
	// this letter is sent, and another one where the delivery was replayed and died again.
	ID string `json:"event.id"`

	// Dataset is always `hookward.dead_letter`.
	Dataset string `json:"event.dataset"`

	// Kind is always `event`.
	Kind string `json:"event.kind"`

	// Category is always `network`.
	Category []string `json:"event.category"`

	// Action is always `dead`.
	Action string `json:"event.action"`

	// Outcome is always `failure`.
	Outcome string `json:"event.outcome"`

	// Reason says why it died: `attempts_exhausted`, `too_old` or `rejected`.
	Reason string `json:"event.reason"`

	// Middleware is the middleware's name, as Traefik has it.
	Middleware string `json:"hookward.middleware"`

	// Router is the router's name.
	Router string `json:"hookward.router,omitempty"`

	// Provider is the provider's slug, or `custom`.
	Provider string `json:"hookward.provider,omitempty"`

	// DeliveryID is the delivery's id as the sender wrote it.
	DeliveryID string `json:"hookward.delivery_id,omitempty"`

	// EventType is the event's type as the sender wrote it.
	EventType string `json:"hookward.event_type,omitempty"`

	// Kept is the delivery's id, which `X-Hookward-Id` tells the backend.
	Kept string `json:"hookward.delivery.id"`

	// Attempts is how often it was tried.
	Attempts int `json:"hookward.delivery.attempt"`

	// Received is when it arrived first.
	Received string `json:"hookward.delivery.received"`

	// Method is the request's method.
	Method string `json:"http.request.method"`

	// Host is the host that was called.
	Host string `json:"url.domain"`

	// URI is path and query, as they came.
	URI string `json:"url.original"`

	// Headers are all headers that would go to the backend, with their values.
	Headers map[string][]string `json:"http.request.headers"`

	// Omitted are the names of headers that are left out: those with a token of the
	// scheme, and those that are no UTF-8. What is `query:NAME` is missing in the query.
	Omitted []string `json:"hookward.request.omitted,omitempty"`

	// BodyBytes is the size of the body.
	BodyBytes int `json:"http.request.body.bytes"`

	// BodyHash is the SHA-256 of the body, in hexadecimal.
	BodyHash string `json:"hookward.body.sha256"`

	// Body is the body, whole.
	Body string `json:"http.request.body.content,omitempty"`

	// BodyBase64 is the body in base64, where it is no UTF-8.
	BodyBase64 string `json:"hookward.body.base64,omitempty"`
}
