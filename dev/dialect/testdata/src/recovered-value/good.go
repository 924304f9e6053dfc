package recoveredvalue

import (
	"errors"
	"fmt"
)

// Good formats the value.
func Good() string {
	s := "no panic"
	func() {
		defer func() {
			if r := recover(); r != nil && fmt.Sprint(r) == "x" {
				s = "error"
			}
		}()
		panic(errors.New("x"))
	}()
	return s
}
