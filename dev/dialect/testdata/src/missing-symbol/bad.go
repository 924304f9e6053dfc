// Package missingsymbol uses the standard library.
package missingsymbol

import (
	"fmt"
	"slices"
)

// Bad does not load.
func Bad() string {
	s := []int{2, 1}
	slices.Sort(s) // want `\[missing-symbol\] slices.Sort: Yaegi v0.16.1 cannot load this; do without it`
	return fmt.Sprint(s)
}
