// Package interfaceinloop puts values into interfaces.
package interfaceinloop

import "fmt"

type getter interface{ get() int }

type item struct{ n int }

func (i *item) get() int { return i.n }

// Bad has the last item three times.
func Bad() string {
	var all []getter
	for n := 0; n < 3; n++ {
		all = append(all, &item{n}) // want `\[interface-in-loop\] item becomes getter: .*; use a constructor`
	}
	var s string
	for _, g := range all {
		s += fmt.Sprint(g.get())
	}
	return s
}
