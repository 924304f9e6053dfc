package forinit

import "fmt"

// Good has the init statement in front.
func Good() string {
	turns := 0
	i := 0
	for {
		i++
		turns++
		if i == 3 || turns == 50 {
			return fmt.Sprint(turns)
		}
	}
}
