// Package returnreceive returns what comes from a channel.
package returnreceive

// Bad panics.
func Bad() string {
	return next(letters())
}

func next(c chan string) string {
	return <-c // want `\[return-receive\] return <-c: .*; receive into a variable first`
}

func letters() chan string {
	c := make(chan string, 1)
	c <- "a"
	return c
}
