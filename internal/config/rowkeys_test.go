package config

import "testing"

// What a user says of where keys are takes the place of what a row says, and nothing else
// does.
func TestKeysOfRows(t *testing.T) {
	row := &JWKSOptions{URL: "https://row.example", PerKey: true, Refresh: 1}
	for _, c := range []struct {
		user JWKSOptions
		want JWKSOptions
	}{
		{JWKSOptions{ClientID: "id"}, *row},
		{JWKSOptions{URL: "https://user.example"}, JWKSOptions{PerKey: true, Refresh: 1}},
		{JWKSOptions{File: "/keys"}, JWKSOptions{Refresh: 1}},
		{JWKSOptions{Discovery: true}, JWKSOptions{Refresh: 1}},
	} {
		if got := dropOverriddenKeys(row, &c.user); *got != c.want || row.URL != "https://row.example" {
			t.Errorf("%+v: %+v", c.user, got)
		}
	}
	if dropOverriddenKeys(nil, row) != nil || dropOverriddenKeys(row, nil) != row {
		t.Error("a section comes or goes by itself")
	}
	options, problems := Decode(map[string]any{"provider": "plaid", "jwt": map[string]any{"jwks": map[string]any{"clientID": "id", "clientSecret": "env:PLAID"}}})
	if len(problems) > 0 || options.JWT.JWKS.URL != "https://production.plaid.com/webhook_verification_key/get" || !options.JWT.JWKS.PerKey || options.JWT.JWKS.ClientID != "id" {
		t.Errorf("%+v %q", options.JWT.JWKS, problems)
	}
	options, problems = Decode(map[string]any{"provider": "plaid", "publicKeys": "env:KEYS"})
	if len(problems) > 0 || options.JWT.JWKS != nil {
		t.Errorf("%+v %q", options.JWT.JWKS, problems)
	}
}
