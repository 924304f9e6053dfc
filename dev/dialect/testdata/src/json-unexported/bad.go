// Package jsonunexported encodes structs.
package jsonunexported

import "encoding/json"

type login struct {
	Name   string `json:"name"`
	secret string // want `\[json-unexported\] unexported field secret: .*; use exported, named fields only`
}

// Bad encodes the secret.
func Bad() string {
	b, _ := json.Marshal(login{"x", "hush"})
	return string(b)
}
