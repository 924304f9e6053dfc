package deferredargument

func add(s *string, t string) { *s += t }

// BadLater sees the second value, without any loop.
func BadLater() string {
	var s string
	func() {
		state := "first"
		defer add(&s, state) // want `\[deferred-argument\] argument state`
		state = "second"
	}()
	return s
}
