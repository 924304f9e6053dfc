package parallelassignment

import "fmt"

// GoodNil empties them one by one.
func GoodNil() string {
	list, word := []int{1}, "word"
	list = nil
	word = ""
	return fmt.Sprint(len(list), word)
}
