// Command race runs the end-to-end tests against a Traefik that is built with Go's race
// detector and has hookward compiled in. Its arguments are more options of go test, such as
// -run. It needs a C compiler.
//
// The exit status is 0 if all tests pass and there is no race of hookward's. Traefik has
// races of its own: they are counted.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hookward/hookward/dev/gateway"
)

// skipped are tests that can't pass: the detector takes some times the memory.
const skipped = "^TestBodyMemoryOfContainer$"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	good, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "race:", err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}

func run(ctx context.Context, options []string) (bool, error) {
	binary, err := gateway.BuildPinned(ctx, gateway.Race, os.Stderr)
	if err != nil {
		return false, err
	}
	reports, err := os.MkdirTemp("", "hookward-race-")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(reports) }()
	arguments := []string{"test", "-count", "1", "-timeout", "2h", "-json", "-skip", skipped}
	tests := exec.CommandContext(ctx, "go", append(append(arguments, options...), "./e2e")...)
	root, err := gateway.Root()
	if err != nil {
		return false, err
	}
	tests.Dir = filepath.Join(root, "dev")
	tests.Env = append(os.Environ(), gateway.BinaryVariable+"="+binary, gateway.FormVariable+"="+string(gateway.Compiled),
		"GORACE=log_path="+filepath.Join(reports, "race"))
	tests.Stderr = os.Stderr
	out, err := tests.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := tests.Start(); err != nil {
		return false, err
	}
	outcomes, err := follow(out)
	if err != nil {
		return false, err
	}
	failure := tests.Wait()
	ours, others, err := collect(reports)
	if err != nil {
		return false, err
	}
	for _, report := range ours {
		fmt.Println(report)
	}
	for where, times := range others {
		fmt.Printf("Traefik's own race, in %d processes: %s\n", times, where)
	}
	fmt.Printf("%d tests pass, %d are skipped, %d fail; %d races of hookward's\n", outcomes["pass"], outcomes["skip"], outcomes["fail"], len(ours))
	return failure == nil && len(ours) == 0 && outcomes["pass"] > 0, nil
}

// follow reads what go test says, prints what failed, and counts how tests have ended.
func follow(out io.Reader) (map[string]int, error) {
	outcomes, said := map[string]int{}, map[string]string{}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		event := struct{ Action, Test, Output string }{}
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			fmt.Println(lines.Text()) // it could not be compiled
			continue
		}
		said[event.Test] += event.Output
		switch event.Action {
		case "fail":
			fmt.Print(said[event.Test])
			fallthrough
		case "pass", "skip":
			delete(said, event.Test)
			if event.Test != "" {
				outcomes[event.Action]++
			}
			if event.Test != "" && !strings.Contains(event.Test, "/") {
				fmt.Println(event.Action, event.Test)
			}
		}
	}
	return outcomes, lines.Err()
}
