package returnreceive

// Good receives first.
func Good() string {
	return received(lettersToo())
}

func received(c chan string) string {
	s := <-c
	return s
}

func lettersToo() chan string {
	c := make(chan string, 1)
	c <- "a"
	return c
}
