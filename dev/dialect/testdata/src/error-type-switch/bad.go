// Package errortypeswitch switches on types.
package errortypeswitch

import "errors"

// Bad does not see that the value is an error.
func Bad() string {
	var v any = errors.New("x")
	switch v.(type) {
	case error: // want `\[error-type-switch\] case error: .*; use errors.Is or a type assertion`
		return "error"
	}
	return "something else"
}
