package jsonunexported

import "encoding/json"

type base struct{ ID int }

type derived struct {
	base // want `\[json-unexported\] embedded field base`
	Name string
}

// BadEmbedded nests what should be flat.
func BadEmbedded() string {
	b, _ := json.Marshal(derived{base{1}, "x"})
	return string(b)
}
