package missingsymbol

import (
	"fmt"
	"sort"
)

// Good sorts with compiled code.
func Good() string {
	s := []int{2, 1}
	sort.Ints(s)
	return fmt.Sprint(s)
}
