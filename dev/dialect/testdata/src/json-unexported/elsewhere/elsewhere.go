// Package elsewhere encodes types of another interpreted package.
package elsewhere

import (
	"encoding/json"

	"example.com/other"
)

func encode() {
	json.Marshal(other.Wrapped{}) // want `\[json-unexported\] unexported field hidden`
	json.Marshal(other.Plain{})
}
