package config

// ConsoleOptions are the options of the section console.
type ConsoleOptions struct {
	// Path is where the page is, without a slash at its end. The router's rule has
	// to let it and what is below it through. Default: `/hookward`.
	Path string `json:"path"`

	// Hosts are the names under which the page is called, as a browser has them in
	// `Host`: lower case, with the port where the address has one. All others get
	// 421, so that no foreign page can speak to it. Required.
	Hosts []string `json:"hosts"`

	// Viewers are tokens, written like `secrets`, of those who may see deliveries
	// without their payload. At least 16 bytes each.
	Viewers []string `json:"viewers" decode:"whole"`

	// Readers are tokens of those who may see the payload as well, as far as it is
	// recorded. Required, or `viewers`, `operators` or `userHeader`.
	Readers []string `json:"readers" decode:"whole"`

	// Operators are tokens of those who may have dead deliveries tried again, or
	// dropped, and see what readers see. Without any, nobody can change anything.
	Operators []string `json:"operators" decode:"whole"`

	// UserHeader is the header in which a middleware in front names who has logged in
	// there, such as `X-Forwarded-User`. Only behind such a middleware: else
	// everybody may send it.
	UserHeader string `json:"userHeader"`

	// UserRole is what those may do whom `userHeader` names: `viewer`, `reader` or
	// `operator`. Default: `viewer`.
	UserRole string `json:"userRole"`

	// Payload is `recorded`, which shows readers what the audit record has of a body,
	// or `hash`, which shows nobody more than its hash. Default: `recorded`.
	Payload string `json:"payload"`
}
