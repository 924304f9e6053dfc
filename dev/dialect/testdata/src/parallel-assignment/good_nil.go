package parallelassignment

import "fmt"

// GoodNil empties them one by one.
func GoodNil() string {
	list := []int{1}
	word := "word"
	list = nil
	word = ""
	return fmt.Sprint(len(list), word)
}
