package jsonunexported

import (
	"encoding/json"
	"io"
	"net/url"
)

type pointed struct{ a int }  // want `\[json-unexported\] unexported field a`
type decoded struct{ b int }  // want `\[json-unexported\] unexported field b`
type listed struct{ c int }   // want `\[json-unexported\] unexported field c`
type nested struct{ d int }   // want `\[json-unexported\] unexported field d`
type streamed struct{ _ int } // want `\[json-unexported\] unexported field _`
type holder struct {          // want `\[recursive-type\]`
	Next *holder
	In   map[string]nested
}

func encode(w io.Writer, b []byte, loc *url.URL) {
	json.Marshal(&pointed{})
	json.Unmarshal(b, &decoded{})
	json.MarshalIndent([]listed{}, "", "")
	json.NewEncoder(w).Encode(holder{})
	json.NewDecoder(nil).Decode(&streamed{})
	json.Marshal(struct{ e int }{}) // want `\[json-unexported\] unexported field e`

	json.Marshal(loc) // a compiled type is what it seems
	json.Marshal(map[string]any{"a": 1})
	json.Valid(b)
}

// Neither tagged nor encoded.
type internal struct {
	base
	n int `mapstructure:"n"`
}
