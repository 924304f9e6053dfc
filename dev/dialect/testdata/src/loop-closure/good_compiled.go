package loopclosure

import (
	"fmt"
	"sync"
)

// GoodCompiled assigns the literal to a variable first.
func GoodCompiled() string {
	var m sync.Map
	for i := 0; i < 3; i++ {
		i := i
		f := func() int { return i }
		m.Store(i, f)
	}
	var s string
	for i := 0; i < 3; i++ {
		f, _ := m.Load(i)
		s += fmt.Sprint(f.(func() int)())
	}
	return s
}
