// Package errorsas looks for errors in chains.
package errorsas

import (
	"errors"
	"fmt"
)

type failure struct{} // want `\[own-error-type\]`

func (*failure) Error() string { return "" }

// Bad panics.
func Bad() string {
	var f *failure
	return fmt.Sprint(errors.As(errors.New("x"), &f)) // want `\[errors-as\] target of type \*failure: .*; use a type of the standard library`
}
