// Package jose has go-jose judge what the gate accepts: an implementation of RFC 7515 that
// shares no code with it.
package jose
