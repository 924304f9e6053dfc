package config

import (
	"time"
)

// IPStrategyOptions say where the client's address stands. `depth`,
// `excludedIPs` and `ipv6Subnet` are those of Traefik's own middlewares.
type IPStrategyOptions struct {
	// Depth is the position of the client's address in `X-Forwarded-For`,
	// counted from the right, up to 64; `0` is the address of the connection.
	// Traefik takes the header away unless the entry point's
	// `forwardedHeaders.trustedIPs` has the peer.
	Depth int64 `json:"depth" decode:"zero"`

	// ExcludedIPs are the addresses and CIDRs of proxies: the client's is the
	// first in `X-Forwarded-For`, from the right, that is not among them.
	ExcludedIPs []string `json:"excludedIPs"`

	// IPv6Subnet is a number of bits, from `1` to `128`. All IPv6 addresses that
	// begin with the same bits count as one client, whose address is the first one
	// of that subnet. Lists still know the whole address.
	IPv6Subnet int64 `json:"ipv6Subnet"`

	// Header is the name of the header in which a proxy in front puts the
	// client's address, and nothing else: `CF-Connecting-IP`, `True-Client-IP`,
	// `X-Real-Ip`. It needs `trustedIPs`.
	Header string `json:"header"`

	// TrustedIPs are the addresses and CIDRs of the proxies that are believed.
	// The address of any other peer is the client's. Required with `header`;
	// with `depth` and `excludedIPs`, the entry point's trust is enough.
	TrustedIPs []string `json:"trustedIPs"`
}

// AllowlistOptions say who may call.
type AllowlistOptions struct {
	// SourceRange are addresses and CIDRs, IPv4 and IPv6.
	SourceRange []string `json:"sourceRange"`

	// Lists are lists that stand elsewhere and keep themselves fresh.
	Lists []*ListOptions `json:"lists"`

	// ProviderRanges is the list that the provider publishes of the addresses
	// which its webhooks come from, where [the catalogue](providers.md)
	// knows one. Default: `false`.
	ProviderRanges bool `json:"providerRanges"`

	// AllowAll permits a `sourceRange` that has every address. Default: `false`.
	AllowAll bool `json:"allowAll"`

	// Alone lets requests pass by their address alone, without a signature or
	// token. **Nothing is verified then**: whoever can send from there, or through
	// a proxy that is believed, can say anything. It excludes `provider`,
	// `signature` and `token`. Default: `false`.
	Alone bool `json:"alone"`

	// RejectStatusCode is the status of the answer to clients that are in no list.
	// Default: `403`.
	RejectStatusCode int64 `json:"rejectStatusCode"`
}

// DenylistOptions say who may not call.
type DenylistOptions struct {
	// SourceRange are addresses and CIDRs, IPv4 and IPv6.
	SourceRange []string `json:"sourceRange"`

	// Lists are as in `allowlist`.
	Lists []*ListOptions `json:"lists"`

	// Required answers 503 while one of `lists` has never been loaded. Such a
	// list denies nobody otherwise. Default: `false`.
	Required bool `json:"required"`

	// RejectStatusCode is the status of the answer to clients that are denied.
	// Default: `403`.
	RejectStatusCode int64 `json:"rejectStatusCode"`
}

// ListOptions say where a list of addresses is, and how to read it.
type ListOptions struct {
	// URL is where the list is fetched from, with https.
	URL string `json:"url"`

	// File is the absolute path of the list, in the place of `url`.
	File string `json:"file"`

	// Format is `text` (an address or CIDR a line; comments begin with `#` or
	// `;`), `json`, or `csv` (the first column counts). Default: `json` with
	// `path`, else `text`.
	Format string `json:"format"`

	// Path is where the addresses stand in JSON: `hooks`, `items[].cidr`,
	// `*.ip_ranges[]`, where `*` is any name; at most 8, each of which must be
	// there.
	Path []string `json:"path"`

	// Where are conditions on the innermost objects that `path` leads through,
	// `NAME=VALUE`; a list has a value if it has it among others. All must hold.
	Where []string `json:"where"`

	// Refresh is how often to look for a new version, give or take a fifth.
	// Default: `1h` for a URL, `10s` for a file.
	Refresh time.Duration `json:"refresh"`

	// PlainHTTP permits a URL with http: whoever is on the way can then let
	// themselves in. Default: `false`.
	PlainHTTP bool `json:"plainHTTP"`

	// AcceptAnySize takes over a new version of any size. Otherwise a version is
	// refused that has less than half as much as the one before, or more than a
	// hundred times as much, counted in ranges and in addresses, and one that has
	// more than half of all addresses there are. Default: `false`.
	AcceptAnySize bool `json:"acceptAnySize"`
}
