package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// A trial is a case in one form. It is a testing.TB, so that it can use what the tests use.
type trial struct {
	testing.TB     // nil; for its method that nobody else can have
	name           string
	form           gateway.Form
	binary, source string
	ctx            context.Context
	verbose        bool

	mu       sync.Mutex
	cleanups []func()
	figures  []string
	problems []string
	skipped  string
	took     time.Duration
}

// begin runs the case to its end.
func (t *trial) begin(run func(*trial)) {
	since := time.Now()
	t.protect(func() { run(t) })
	for len(t.cleanups) > 0 {
		last := t.cleanups[len(t.cleanups)-1]
		t.cleanups = t.cleanups[:len(t.cleanups)-1]
		t.protect(last)
	}
	t.took = time.Since(since)
}

// protect calls a function that may end its goroutine, as Fatal does.
func (t *trial) protect(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if problem := recover(); problem != nil {
				t.Errorf("panic: %v\n%s", problem, debug.Stack())
			}
		}()
		f()
	}()
	<-done
}

// figure adds to what the case is reported with.
func (t *trial) figure(format string, values ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.figures = append(t.figures, fmt.Sprintf(format, values...))
}

func (t *trial) verdict() string {
	switch {
	case t.Failed():
		return "FAILED"
	case t.skipped != "":
		return "skipped"
	}
	return "held"
}

func (t *trial) words() string {
	words := append([]string{}, t.problems...)
	if t.skipped != "" {
		words = append(words, t.skipped)
	}
	return strings.Join(strings.Fields(strings.Join(append(words, t.figures...), "; ")), " ")
}

func (t *trial) line() string {
	return fmt.Sprintf("%-7s  %-11s  %-30s  %5.1fs  %s", t.verdict(), t.form, t.name, t.took.Seconds(), t.words())
}

// table returns all results in Markdown.
func table(all []*trial) string {
	var b strings.Builder
	b.WriteString("| Case | Form | Result | Figures |\n|---|---|---|---|\n")
	for _, t := range all {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", t.name, t.form, t.verdict(), t.words())
	}
	return b.String()
}

// What follows is testing.TB's.

func (t *trial) Helper()                  {}
func (t *trial) Name() string             { return t.name }
func (t *trial) Context() context.Context { return t.ctx }

func (t *trial) Cleanup(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

func (t *trial) TempDir() string {
	directory, err := os.MkdirTemp("", "hookward-faultlab-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	return directory
}

func (t *trial) Failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.problems) > 0
}

func (t *trial) Logf(format string, values ...any) {
	if t.verbose {
		fmt.Fprintf(os.Stderr, format+"\n", values...)
	}
}

func (t *trial) Error(values ...any) { t.Errorf("%s", strings.TrimSpace(fmt.Sprintln(values...))) }

func (t *trial) Errorf(format string, values ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.problems) < 5 {
		t.problems = append(t.problems, fmt.Sprintf(format, values...))
	}
}

func (t *trial) Fatal(values ...any) {
	t.Error(values...)
	runtime.Goexit()
}

func (t *trial) Fatalf(format string, values ...any) {
	t.Errorf(format, values...)
	runtime.Goexit()
}

func (t *trial) Skipf(format string, values ...any) {
	t.skipped = fmt.Sprintf(format, values...)
	runtime.Goexit()
}
