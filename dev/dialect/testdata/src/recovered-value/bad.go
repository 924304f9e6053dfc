// Package recoveredvalue looks at what was recovered.
package recoveredvalue

import "errors"

// Bad does not see that the value is an error.
func Bad() string {
	s := "no panic"
	func() {
		defer func() {
			r := recover()
			if _, ok := r.(error); ok { // want `\[recovered-value\] use of the recovered value r: .*; compare it with nil or format it`
				s = "error"
			} else {
				s = "something else"
			}
		}()
		panic(errors.New("x"))
	}()
	return s
}
