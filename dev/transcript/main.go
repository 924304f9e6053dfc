// Command transcript compares what the tests have written down in two runs, which are
// those of the two forms: all that was seen of each request has to be the same. It knows
// what differs from run to run by nature, and nothing of who has made the difference.
package main

import (
	"fmt"
	"os"
)

// shown is how many differences are printed; one cause has many.
const shown = 20

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: transcript DIRECTORY DIRECTORY")
		os.Exit(2)
	}
	r, err := compare(os.Args[1], os.Args[2], "e2e", "senders")
	if err != nil {
		fmt.Fprintln(os.Stderr, "transcript:", err)
		os.Exit(1)
	}
	fmt.Printf("%d requests of %d tests, %d differences\n", r.Requests, r.Tests, len(r.Differences))
	for i, difference := range r.Differences {
		if i == shown {
			fmt.Printf("and %d more\n", len(r.Differences)-shown)
			break
		}
		fmt.Println(difference)
	}
	if len(r.Differences) > 0 {
		os.Exit(1)
	}
}
