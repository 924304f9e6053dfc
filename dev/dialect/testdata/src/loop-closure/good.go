package loopclosure

import "fmt"

// Good copies the variable.
func Good() string {
	var fs []func() int
	for i := 0; i < 3; i++ {
		i := i
		fs = append(fs, func() int { return i })
	}
	var s string
	for _, f := range fs {
		s += fmt.Sprint(f())
	}
	return s
}
