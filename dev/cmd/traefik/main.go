// Command traefik compiles the pinned Traefik, and the log stores that the tests
// send to, ahead of the tests, which hide its progress.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
)

func main() {
	binary, err := gateway.Build(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("The pinned Traefik is ready:", binary)
	if err := stores.Build(context.Background(), os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
