package errortypeswitch

import "errors"

// Good asserts.
func Good() string {
	var v any = errors.New("x")
	if _, ok := v.(error); ok {
		return "error"
	}
	return "something else"
}
