// Command command is compiled, so it may print.
package main

import "fmt"

func main() {
	fmt.Println("printed")
}
