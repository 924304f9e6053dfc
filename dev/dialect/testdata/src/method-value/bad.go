// Package methodvalue keeps method values for later.
package methodvalue

import "fmt"

type job struct{ n int }

func (j *job) text() string { return fmt.Sprint(j.n) }

// Bad runs the last job three times, although j is copied.
func Bad() string {
	var todo []func() string
	for _, j := range []*job{{0}, {1}, {2}} {
		j := j
		todo = append(todo, j.text) // want `\[method-value\] method value j.text: .*; write a func literal`
	}
	var s string
	for _, f := range todo {
		s += f()
	}
	return s
}
