package forinit

func loops() {
	n := 0
	for n = 1; ; { // want `\[for-init\]`
		break
	}
	for i := 0; ; i++ {
		break
	}
	for i := 0; i < n; {
		break
	}
	for {
		break
	}
}
