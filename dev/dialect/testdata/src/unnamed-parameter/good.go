package unnamedparameter

import (
	"errors"
	"fmt"
	"io"
)

type filled struct{}

func (filled) Write(_ []byte) (int, error) {
	return 0, errors.New("full")
}

// Good has a name for the parameter.
func Good() string {
	_, err := io.WriteString(filled{}, "x")
	return fmt.Sprint(err)
}

// GoodLiteral has a name for the parameter.
func GoodLiteral() string {
	base := "base"
	f := func(_ string) string {
		n := len(base)
		return fmt.Sprint(n)
	}
	return applyNamed(f)
}

func applyNamed(f func(string) string) string {
	return f("argument")
}
