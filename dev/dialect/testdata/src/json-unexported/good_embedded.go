package jsonunexported

import "encoding/json"

type flat struct {
	ID   int
	Name string
}

// GoodEmbedded is flat.
func GoodEmbedded() string {
	b, _ := json.Marshal(flat{1, "x"})
	return string(b)
}
