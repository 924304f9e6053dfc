// Package methodexpression uses methods as functions.
package methodexpression

import "fmt"

type point struct{ x int }

func (p point) text() string { return fmt.Sprint(p.x) }

// Bad does not load.
func Bad() string {
	f := point.text // want `\[method-expression\] point.text: .*; write a func literal`
	return f(point{3})
}
