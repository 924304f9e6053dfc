package caselist

// BadFolded does not find the length of a constant.
func BadFolded() string {
	const prefix = "sha256="
	switch n := 7; n {
	case 0, len(prefix): // want `\[case-list\] value len\(prefix\) in a list`
		return "a prefix"
	}
	return "something else"
}
