package interfaceinloop

import "fmt"

type reader interface{ read() int }

type entry struct{ n int }

func (e *entry) read() int { return e.n }

func newEntry(n int) reader { return &entry{n} }

// Good uses a constructor that returns the interface.
func Good() string {
	var all []reader
	for n := 0; n < 3; n++ {
		all = append(all, newEntry(n))
	}
	var s string
	for _, r := range all {
		s += fmt.Sprint(r.read())
	}
	return s
}
