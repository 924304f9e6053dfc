package uncheckedinloop

import "fmt"

// GoodMap reads without asking.
func GoodMap() string {
	sizes := map[string]int{"a": 1}
	text := ""
	for _, name := range []string{"a", "b"} {
		n := sizes[name]
		text += fmt.Sprint(n)
	}
	return text
}
