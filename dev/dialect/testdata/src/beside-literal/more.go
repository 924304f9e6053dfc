package besideliteral

type pair struct{ a, b int }

var n, names = 1, []string{"a"} // want `\[beside-literal\]`

func assignments(x int) (int, []int) {
	a, b := []int{1}, []int{2}
	c, d := x+1, &pair{a: x}
	var e, f = pair{1, 2}, x                         // want `\[beside-literal\]`
	x, a = 3, []int{4}                               // want `\[beside-literal\]`
	g, h := (pair{}), x == 1                         // want `\[beside-literal\]`
	for i, list := 0, []int{1}; i < len(list); i++ { // want `\[beside-literal\]`
		x += i
	}
	_, _, _, _, _, _, _, _ = a, b, c, d, e, f, g, h
	return x, []int{1}
}
