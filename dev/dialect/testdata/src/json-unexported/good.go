package jsonunexported

import "encoding/json"

type public struct {
	Name string `json:"name"`
}

type account struct {
	public public
	secret string
}

// Good encodes a struct of its own.
func Good() string {
	a := account{public{"x"}, "hush"}
	b, _ := json.Marshal(a.public)
	return string(b)
}
