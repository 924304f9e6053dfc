package uncheckedinloop

import "fmt"

// BadMap takes what is missing for what was found before.
func BadMap() string {
	sizes := map[string]int{"a": 1}
	text := ""
	for _, name := range []string{"a", "b"} {
		n, _ := sizes[name] // want `\[unchecked-in-loop\] unchecked read of sizes\[name\]`
		text += fmt.Sprint(n)
	}
	return text
}
