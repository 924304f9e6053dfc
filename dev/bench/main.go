// Command bench measures hookward in the real Traefik, compiled in and interpreted,
// beside what one would use in its place: Traefik's own middlewares, forwardAuth to
// a verifying service, nginx with Lua, HAProxy. All run on one machine with the same
// backend and load generator, in turns, so that each ratio comes from runs beside
// each other. It prints tables, and writes docs/performance.md with its picture and
// dev/bench/results.json. What is not installed is left out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// pageSize is the size of the deliveries whose profile the page has.
const pageSize = 1 << 10

// soakRequests and soakReloads are the length of the soak that the page has.
const (
	soakRequests = 10_000_000
	soakReloads  = 1000
)

// arguments are what the command was called with.
type arguments struct {
	Options
	quick, soak, write, page bool
	kept                     bool
	requests                 int64
	reloads, size            int
	only, profile, form      string
}

func readArguments() arguments {
	a := arguments{Options: Full()}
	flag.StringVar(&a.only, "only", "", "measure these `contenders` alone, beside Traefik alone; nothing is written: "+strings.Join(Names(), ","))
	flag.BoolVar(&a.quick, "quick", false, "do everything once for a fraction of a second, to see that it works; nothing is written")
	flag.BoolVar(&a.soak, "soak", false, "look for memory that grows, instead")
	flag.BoolVar(&a.kept, "kept", false, "measure the option delivery in both forms, instead; nothing is written")
	flag.Int64Var(&a.requests, "requests", soakRequests, "`number` of requests of -soak")
	flag.IntVar(&a.reloads, "reloads", soakReloads, "`number` of reloads of -soak")
	flag.StringVar(&a.profile, "profile", "", "profile the CPU of Traefik with all of hookward's checks under full load for the -time, write the profile into this `file` for go tool pprof, and, of deliveries of 1 KiB, its summary into the page")
	flag.StringVar(&a.form, "form", string(gateway.Interpreted), "profile hookward in this `form`: interpreted or compiled")
	flag.IntVar(&a.size, "size", pageSize, "profile deliveries with so many `bytes` of body")
	flag.BoolVar(&a.write, "write", false, "write the page and the files even if -soak, -only or -time were given")
	flag.BoolVar(&a.page, "page", false, "write the page again, from the files of the last run, and measure nothing")
	flag.DurationVar(&a.Time, "time", a.Time, "`length` of each measured run")
	flag.IntVar(&a.Rounds, "rounds", a.Rounds, "`number` of rounds")
	flag.IntVar(&a.Connections, "connections", a.Connections, "`number` of requests under way at once")
	flag.Float64Var(&a.Rate, "rate", a.Rate, "`requests` per second of the runs at a fixed rate")
	flag.Parse()
	return a
}

func main() {
	RunRole()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, readArguments()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, a arguments) error {
	root, err := gateway.Root()
	if err != nil {
		return err
	}
	file := func(name string) string { return filepath.Join(root, "dev", "bench", name) }
	writes := true
	switch {
	case a.page:
	case a.kept:
		return RunKept(ctx, a.Options, os.Stdout)
	case a.profile != "":
		writes, err = a.runProfile(ctx, file("profile.json"))
	case a.soak:
		writes, err = a.runSoak(ctx, file("soak.json"))
	default:
		writes, err = a.runAll(ctx, file("results.json"))
	}
	if err != nil || !writes {
		return err
	}
	r, err := ReadResults(file("results.json"))
	if errors.Is(err, os.ErrNotExist) && (a.soak || a.profile != "") {
		return nil // there is no page yet that it could be added to
	}
	if err != nil {
		return err
	}
	s, err := ReadSoak(file("soak.json"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	p, err := ReadProfiles(file("profile.json"))
	if err != nil {
		return err
	}
	return WritePage(filepath.Join(root, "docs"), r, s, p)
}

// runProfile says, like the others, whether the page is to be written.
func (a arguments) runProfile(ctx context.Context, file string) (bool, error) {
	f := gateway.Form(a.form)
	if f != gateway.Interpreted && f != gateway.Compiled {
		return false, fmt.Errorf("-form: %q is neither %s nor %s", f, gateway.Interpreted, gateway.Compiled)
	}
	a.Time = max(a.Time, time.Second)
	p, err := RunProfile(ctx, a.Options, f, a.size, a.profile, os.Stdout)
	if err != nil || a.size != pageSize {
		return false, err
	}
	all, err := ReadProfiles(file)
	if err != nil {
		return false, err
	}
	all[f] = p
	return true, all.Write(file)
}

func (a arguments) runSoak(ctx context.Context, file string) (bool, error) {
	s, err := RunSoak(ctx, a.requests, a.reloads, a.Connections, os.Stdout)
	if err != nil || !a.write && (a.requests != soakRequests || a.reloads != soakReloads) {
		return false, err
	}
	return true, s.Write(file)
}

func (a arguments) runAll(ctx context.Context, file string) (bool, error) {
	full := Full()
	writes := a.write || !a.quick && a.only == "" && a.Time == full.Time && a.Rounds == full.Rounds
	options := a.Options
	if a.quick {
		options = Quick()
	}
	if a.only != "" {
		options.Only = strings.Split(a.only, ",")
	}
	r, err := Run(ctx, options, os.Stderr)
	if err != nil {
		return false, err
	}
	r.Command = strings.TrimSpace("go run -C dev ./bench " + strings.Join(os.Args[1:], " "))
	fmt.Print(r.Text())
	if !writes {
		return false, nil
	}
	return true, r.Write(file)
}
