// Command traefik compiles the pinned Traefik ahead of the tests, which hide
// its progress.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hookward/hookward/dev/gateway"
)

func main() {
	binary, err := gateway.Build(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("The pinned Traefik is ready:", binary)
}
