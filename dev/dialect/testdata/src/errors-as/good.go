package errorsas

import (
	"errors"
	"fmt"
	"io/fs"
)

// Good looks for a compiled type.
func Good() string {
	var f *fs.PathError
	return fmt.Sprint(errors.As(errors.New("x"), &f))
}
