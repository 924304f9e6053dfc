// Package unnamedparameter has methods that compiled code calls.
package unnamedparameter

import (
	"errors"
	"fmt"
	"io"
)

type full struct{}

func (full) Write([]byte) (int, error) { // want `\[unnamed-parameter\] parameter \[\]byte: .*; name the parameter`
	return 0, errors.New("full")
}

// Bad panics.
func Bad() string {
	_, err := io.WriteString(full{}, "x")
	return fmt.Sprint(err)
}
