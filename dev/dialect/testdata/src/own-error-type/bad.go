// Package ownerrortype declares errors.
package ownerrortype

import (
	"errors"
	"fmt"
)

type failure struct{ code int } // want `\[own-error-type\] error type failure: .*; use errors.New`

func (f *failure) Error() string { return fmt.Sprint(f.code) }

// Bad does not find the error it wrapped.
func Bad() string {
	var err error = &failure{7}
	return fmt.Sprint(errors.Is(fmt.Errorf("wrapped: %w", err), err))
}
