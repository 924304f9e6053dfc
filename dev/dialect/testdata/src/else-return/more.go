package elsereturn

func holds(x int) bool { return x > 0 }

func others(x int) int {
	for {
		if holds(x) {
			x++
		} else {
			return 1
		}
		if holds(x) {
			x--
		} else {
			break
		}
	}
	func() {
		if x > 1 {
			x++
		} else {
			return
		}
		if holds(x) && x < 9 {
			x++
		} else {
			x = 0
			return
		}
		if holds(x) {
			x++
		} else { // want `\[else-return\]`
			return
		}
		switch {
		case holds(x):
			return
		case x == 3:
			x++
		default:
			return
		}
		switch {
		default:
			return
		case holds(x):
			x++
		}
		x--
	}()
	return x
}
