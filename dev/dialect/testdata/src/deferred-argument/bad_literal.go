package deferredargument

import "fmt"

// BadLiteral copies the variable, which does not help a deferred literal.
func BadLiteral() string {
	var s string
	func() {
		for i := 0; i < 3; i++ {
			i := i
			defer func() { s += fmt.Sprint(i) }() // want `\[deferred-argument\] captured variable i`
		}
	}()
	return s
}
