// Command faultlab injects faults into the real Traefik with hookward, in both forms: it
// runs out of memory and disk, disks hang and fail, Redis loses answers, processes are
// killed. After each case it holds what senders were told against what the backend got, what
// is kept and what was recorded. A case whose means the machine lacks is skipped, and the reason is said; most
// take root.
//
// It prints a line for each case with its figures, and a table at the end. The exit status
// is 0 if no promise was broken, 1 if one was, and 2 if the lab could not be run.
//
//	go run -C dev ./faultlab
//	go run -C dev ./faultlab -run 'memory|redis' -form compiled
//	go run -C dev ./faultlab -hookward /path/to/an/older/checkout
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/hookward/hookward/dev/gateway"
)

// A faultCase is one fault, or a few of a kind. Its function reports what it saw to the
// trial, which is a testing.TB.
type faultCase struct {
	name string
	run  func(t *trial)
}

func cases() []faultCase {
	all := []faultCase{}
	for _, some := range [][]faultCase{memoryCases, connectionCases, fullCases, hangCases, journalCases, killCases, keptCases, redisCases} {
		all = append(all, some...)
	}
	return all
}

func main() {
	pattern := flag.String("run", "", "run only cases whose name this regular `EXPRESSION` finds")
	forms := flag.String("form", "interpreted,compiled", "how Traefik runs hookward")
	source := flag.String("hookward", "", "test another source of hookward, in this `DIRECTORY`")
	flag.IntVar(&container, "container", container, "the memory in `MIB` for a Traefik that is to run out of it")
	flag.IntVar(&kills, "kills", kills, "how often Traefik is killed while deliveries are kept")
	flag.IntVar(&reloads, "reloads", reloads, "how often Traefik is configured anew, each second, while deliveries are kept")
	flag.DurationVar(&outage, "outage", outage, "for how long the backend is down while deliveries are kept")
	list := flag.Bool("list", false, "list the cases")
	verbose := flag.Bool("v", false, "print what Traefik says on stderr, too")
	flag.Parse()
	which, err := regexp.Compile(*pattern)
	if err != nil {
		fail(err)
	}
	if *list {
		for _, c := range cases() {
			fmt.Println(c.name)
		}
		return
	}
	if *source != "" {
		if *source, err = filepath.Abs(*source); err != nil {
			fail(err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	chosen := slices.DeleteFunc(cases(), func(c faultCase) bool { return !which.MatchString(c.name) })
	if len(chosen) == 0 {
		fail(fmt.Errorf("no case is called so: -list names them"))
	}
	all := []*trial{}
	for _, name := range strings.Split(*forms, ",") {
		form := gateway.Form(name)
		binary, err := build(ctx, form, *source)
		if err != nil {
			fail(err)
		}
		for _, c := range chosen {
			if ctx.Err() != nil {
				fail(ctx.Err())
			}
			t := &trial{name: c.name, form: form, binary: binary, source: *source, ctx: ctx, verbose: *verbose}
			t.begin(c.run)
			fmt.Println(t.line())
			all = append(all, t)
		}
	}
	fmt.Print("\n", table(all))
	for _, t := range all {
		if t.Failed() {
			stop()
			os.Exit(1)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "faultlab:", err)
	os.Exit(2)
}

// build returns the path of the Traefik to test.
func build(ctx context.Context, form gateway.Form, source string) (string, error) {
	if form != gateway.Interpreted && form != gateway.Compiled {
		return "", fmt.Errorf("-form: %q is neither %s nor %s", form, gateway.Interpreted, gateway.Compiled)
	}
	if form == gateway.Interpreted || source == "" {
		return gateway.BuildPinned(ctx, form, os.Stderr)
	}
	version, err := gateway.Pinned(ctx)
	if err != nil {
		return "", err
	}
	root, err := gateway.Root()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(root, "dev", ".cache", "faultlab-compiled")
	return binary, gateway.BuildCompiled(ctx, version, source, binary, io.Discard)
}
