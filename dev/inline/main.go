// Command inline writes the loops of hookward out for the interpreter.
//
// Under Yaegi a call of a function costs one allocation for each of its variables and
// temporaries, whether they are reached or not; a loop that never returns has paid for
// its own. So people write each check as a function, and mark with "//inline:hot" those
// that every request needs. A loop that calls them is marked with "//inline:loop". This
// command writes such a loop once more, as fooInlined, with the bodies of the marked
// functions in the place of their calls. A marked function may stand in another package of the
// module, if what its body needs is exported.
//
//	go run -C dev ./inline        write loop.go
//	go run -C dev ./inline -check fail if it is not up to date
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/hookward/hookward/dev/gateway"
)

// output is the file that is written, beside the sources.
const output = "loop.go"

func main() {
	log.SetFlags(0)
	check := flag.Bool("check", false, "change nothing; fail if the file is not up to date")
	directory := flag.String("in", "", "the directory of the package; by default this module's neighbour, hookward")
	flag.Parse()
	var err error
	if *directory == "" {
		*directory, err = gateway.Root()
	}
	if err == nil {
		err = run(*directory, *check)
	}
	if err != nil {
		log.Fatal("inline: ", err)
	}
}

func run(directory string, check bool) error {
	text, err := Generate(directory)
	if err != nil {
		return err
	}
	path := filepath.Join(directory, output)
	there, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if bytes.Equal(there, text) {
		return nil
	}
	if check {
		return fmt.Errorf("%s is not up to date; run: go run -C dev ./inline", output)
	}
	return os.WriteFile(path, text, 0o644)
}
