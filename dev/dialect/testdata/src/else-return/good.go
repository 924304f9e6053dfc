package elsereturn

type caller struct{ name, word string }

func isFriend(c *caller) bool { return c.name == "friend" }

func answer(c *caller) {
	if !isFriend(c) {
		return
	}
	c.word = "welcome, come in"
}

// Good lets friends in.
func Good() string {
	c := &caller{name: "stranger"}
	answer(c)
	return c.word
}
