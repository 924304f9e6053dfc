// Package goroutineinloop starts goroutines in loops.
package goroutineinloop

func guard() { _ = recover() }

func work(int) { defer guard() }

func bad() {
	for i := 0; i < 3; i++ {
		go func() { // want `\[goroutine-in-loop\] go func in a loop: .*; start a function with a name`
			defer guard()
		}()
		go work(i)
		go (func() { // want `\[goroutine-in-loop\]`
			defer guard()
		})()
	}
}

func good() {
	go func() {
		defer guard()
	}()
	for i := 0; i < 3; i++ {
		start := func() {
			go func() {
				defer guard()
			}()
		}
		start()
	}
}
