package parallelassignment

import "fmt"

// BadNil empties a list and a word.
func BadNil() string {
	list := []int{1}
	word := "word"
	list, word = nil, "" // want `\[parallel-assignment\] parallel assignment to list, ...`
	return fmt.Sprint(len(list), word)
}
