package caselist

type limits struct{ low, high int }

// BadValue takes the high limit for 0, and 0 for the high limit.
func BadValue() string {
	l := limits{1, 9}
	text := ""
	for _, n := range []int{0, 1, 9} {
		switch n {
		case l.low, l.high: // want `\[case-list\] value l.high in a list: .* give such a value a variable`
			text += "limit "
		default:
			text += "between "
		}
	}
	return text
}
