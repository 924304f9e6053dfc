package loopclosure

import (
	"fmt"
	"sync"
)

// BadCompiled copies the variable, but what compiled code gets shares it.
func BadCompiled() string {
	var m sync.Map
	for i := 0; i < 3; i++ {
		i := i
		m.Store(i, func() int { return i }) // want `\[loop-closure\] func literal for compiled code captures i`
	}
	return callAll(&m)
}

func callAll(m *sync.Map) string {
	var s string
	for i := 0; i < 3; i++ {
		f, _ := m.Load(i)
		s += fmt.Sprint(f.(func() int)())
	}
	return s
}
