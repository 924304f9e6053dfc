package methodvalue

import "fmt"

type task struct{ n int }

func (t *task) text() string { return fmt.Sprint(t.n) }

// Good calls the method in a func literal.
func Good() string {
	var todo []func() string
	for _, t := range []*task{{0}, {1}, {2}} {
		t := t
		todo = append(todo, func() string { return t.text() })
	}
	var s string
	for _, f := range todo {
		s += f()
	}
	return s
}
