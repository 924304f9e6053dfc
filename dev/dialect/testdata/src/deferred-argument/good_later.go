package deferredargument

func plus(s *string, t string) { *s += t }

// GoodLater defers a variable that keeps its value.
func GoodLater() string {
	var s string
	func() {
		state := "first"
		before := state
		defer plus(&s, before)
		state = "second"
	}()
	return s
}
