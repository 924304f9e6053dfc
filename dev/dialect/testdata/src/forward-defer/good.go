package forwarddefer

func finish(s *string) { *s = "done" }

// Good has the function above.
func Good() string {
	s := "not done"
	func() {
		defer finish(&s)
	}()
	return s
}
