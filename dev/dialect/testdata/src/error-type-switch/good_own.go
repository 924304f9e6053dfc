package errortypeswitch

import "errors"

var errFailure = errors.New("failure")

// GoodOwn compares with a sentinel.
func GoodOwn() string {
	if errors.Is(failSentinel(), errFailure) {
		return "failure"
	}
	return "something else"
}

func failSentinel() error { return errFailure }
