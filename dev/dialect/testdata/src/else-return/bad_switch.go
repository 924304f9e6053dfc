package elsereturn

type guest struct{ name, word string }

func isInvited(g *guest) bool { return g.name == "invited" }

func receive(g *guest) {
	switch {
	case g.name == "":
		g.word = "who"
	case isInvited(g):
		g.word = "welcome"
	default: // want `\[else-return\] default: return after the condition isInvited\(g\)`
		return
	}
	g.word += ", come in"
}

// BadSwitch lets everybody in.
func BadSwitch() string {
	g := &guest{name: "stranger"}
	receive(g)
	return g.word
}
