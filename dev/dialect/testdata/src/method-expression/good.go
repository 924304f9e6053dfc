package methodexpression

import "fmt"

type dot struct{ x int }

func (d dot) text() string { return fmt.Sprint(d.x) }

// Good calls the method in a func literal.
func Good() string {
	f := func(d dot) string { return d.text() }
	return f(dot{3})
}
