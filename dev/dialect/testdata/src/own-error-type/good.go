package ownerrortype

import (
	"errors"
	"fmt"
)

var errFailure = errors.New("7")

// Good wraps a sentinel.
func Good() string {
	return fmt.Sprint(errors.Is(fmt.Errorf("wrapped: %w", errFailure), errFailure))
}
