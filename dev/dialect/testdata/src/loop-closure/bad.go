// Package loopclosure makes closures in loops.
package loopclosure

import "fmt"

// Bad runs the last turn's closure three times.
func Bad() string {
	var fs []func() int
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { return i }) // want `\[loop-closure\] func literal captures loop variable i: .*; copy with i := i`
	}
	var s string
	for _, f := range fs {
		s += fmt.Sprint(f())
	}
	return s
}
