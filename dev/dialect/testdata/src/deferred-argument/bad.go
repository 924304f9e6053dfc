// Package deferredargument defers calls with operands.
package deferredargument

import "fmt"

// Bad sees the last turn three times.
func Bad() string {
	var s string
	func() {
		for i := 0; i < 3; i++ {
			defer func(n int) { s += fmt.Sprint(n) }(i) // want `\[deferred-argument\] argument i: .*; copy it`
		}
	}()
	return s
}
