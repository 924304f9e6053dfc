package caselist

type bounds struct{ low, high int }

// GoodValue has the second value in a variable.
func GoodValue() string {
	b := bounds{1, 9}
	text := ""
	high := b.high
	for _, n := range []int{0, 1, 9} {
		switch n {
		case b.low, high:
			text += "limit "
		default:
			text += "between "
		}
	}
	return text
}
