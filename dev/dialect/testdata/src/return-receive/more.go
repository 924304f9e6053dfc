package returnreceive

func others(c chan int, ok bool) (int, bool) {
	if ok {
		return (<-c), true // want `\[return-receive\]`
	}
	n := 1 + <-c
	return -n, func() bool { return 1 == <-c }()
}
