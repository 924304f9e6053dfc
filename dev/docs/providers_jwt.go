package main

import (
	"strings"

	"github.com/hookward/hookward/internal/config"
)

// giveJWT names what an operator has to give of a token: its keys, and whom it is for.
func giveJWT(t *config.JWTOptions) []string {
	options := []string{}
	add := func(holds bool, text string) {
		if holds {
			options = append(options, text)
		}
	}
	shared := strings.HasPrefix(t.Algorithms[0], "HS")
	public := !strings.HasPrefix(t.Algorithms[len(t.Algorithms)-1], "HS")
	add(shared && !public, "`secrets`")
	add(shared && public, "`secrets` (or `publicKeys`)")
	add(public && !shared && t.JWKS == nil && t.Certificates == nil, "`publicKeys` (or `jwt.jwks`)")
	perKey := t.JWKS != nil && t.JWKS.PerKey
	add(perKey, "`jwt.jwks.clientID`, `jwt.jwks.clientSecret`")
	add(t.JWKS != nil && t.Detached && !perKey, "nothing (`jwt.jwks`)")
	add(t.Certificates != nil, "`jwt.certificates.roots`")
	bound := t.Body || t.Detached || t.BodyHash != nil
	inHeader := !bound && t.Field == "" && t.URL == nil
	pinned := len(t.Claims) > 0 || len(t.Issuers) == 1 && strings.Contains(t.Issuers[0], "@") // an account is an issuer of its own
	add(inHeader && !pinned, "`jwt.audiences`, `jwt.claims`")
	add(inHeader && pinned || t.Body && t.JWKS != nil && len(t.Issuers) > 0, "`jwt.audiences`")
	add(t.Field != "" && t.Certificates != nil, "`jwt.claims`")
	add(t.Field != "" && t.Certificates == nil, "`jwt.audiences`")
	add(t.URL != nil && t.URL.Form != "qsh", "`publicURL`")
	add(len(t.Issuers) == 0 && (t.Body || t.Field != "" && t.JWKS != nil), "(`jwt.issuers`)")
	return options
}
