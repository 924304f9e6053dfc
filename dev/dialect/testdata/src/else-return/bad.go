// Package elsereturn leaves functions without results.
package elsereturn

type visitor struct{ name, word string }

func isKnown(v *visitor) bool { return v.name == "known" }

func greet(v *visitor) {
	if isKnown(v) {
		v.word = "welcome"
	} else { // want `\[else-return\] else { return } after the condition isKnown\(v\): .*; turn the condition round and return first`
		return
	}
	v.word += ", come in"
}

// Bad lets everybody in.
func Bad() string {
	v := &visitor{name: "stranger"}
	greet(v)
	return v.word
}
