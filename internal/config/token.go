package config

// TokenOptions describe where a sender puts its token.
type TokenOptions struct {
	// Header is the name of the header whose whole value is the token.
	Header string `json:"header"`

	// Query is the name of the query parameter that is the token. URLs end up
	// in logs.
	Query string `json:"query"`

	// Field is the location of the token in the body, such as
	// `json:value[].clientState`; every value there must be the token.
	Field string `json:"field"`

	// Bearer takes the token from `Authorization: Bearer TOKEN`.
	// Default: `false`.
	Bearer bool `json:"bearer"`

	// Basic takes `user:password` from HTTP basic authentication, RFC 7617;
	// `secrets` are then written `user:password`. Default: `false`.
	Basic bool `json:"basic"`

	// BasicUser is the user of HTTP basic authentication where `secrets` hold
	// the passwords alone.
	BasicUser string `json:"basicUser"`

	// IDHeader is the name of the header that carries the delivery's id.
	IDHeader string `json:"idHeader"`

	// IDField is the location of the delivery's id where that is no header.
	IDField string `json:"idField"`

	// EventHeader is the name of the header that carries the type of the event.
	EventHeader string `json:"eventHeader"`

	// EventField is the location of the event's type where that is no header.
	EventField string `json:"eventField"`
}
