// Package forinit has loops with an init statement.
package forinit

import "fmt"

// Bad starts over on every turn.
func Bad() string {
	turns := 0
	for i := 0; ; { // want `\[for-init\] for with init alone: .*; move it`
		i++
		turns++
		if i == 3 || turns == 50 {
			return fmt.Sprint(turns)
		}
	}
}
