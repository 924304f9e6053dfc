// Package unnamedparameter has methods that compiled code calls, and literals.
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

// BadLiteral finds the argument in the place of its own variable.
func BadLiteral() string {
	base := "base"
	f := func(string) string { // want `\[unnamed-parameter\] parameter string`
		n := len(base)
		return fmt.Sprint(n)
	}
	return apply(f)
}

func apply(f func(string) string) string {
	return f("argument")
}
