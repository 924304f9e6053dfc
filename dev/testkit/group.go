package testkit

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// A ControlGroup holds processes to an amount of memory, as a container does.
type ControlGroup struct {
	path, peak string
}

var groups atomic.Int64

// NewControlGroup makes one with a limit in bytes, in version 2 of control groups or in
// version 1, and ends it with the test, after the processes in it. It skips the test where
// that can't be done.
func NewControlGroup(t testing.TB, limit int) *ControlGroup {
	t.Helper()
	root, file, peak := "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes"
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		root, file, peak = "/sys/fs/cgroup", "memory.max", "memory.peak"
	}
	path := filepath.Join(root, fmt.Sprintf("hookward-%d-%d", os.Getpid(), groups.Add(1)))
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Skipf("no control group can be had here, which takes root: %v", err)
	}
	t.Cleanup(func() {
		Await(t, "the control group is empty", func() bool {
			err := os.Remove(path)
			return err == nil || os.IsNotExist(err)
		})
	})
	if err := os.WriteFile(filepath.Join(path, file), fmt.Append(nil, limit), 0o644); err != nil {
		t.Skipf("no control group with a limit of memory can be had here: %v", err)
	}
	return &ControlGroup{path: path, peak: filepath.Join(path, peak)}
}

// Wrap returns a program that starts another one in the group.
func (g *ControlGroup) Wrap(t testing.TB, program string) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), filepath.Base(program))
	text := fmt.Sprintf("#!/bin/sh\necho $$ > '%s/cgroup.procs' && exec '%s' \"$@\"\n", g.path, program)
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return script
}

// Peak returns the most memory that the group has had, in MiB, with what the kernel keeps
// of files for it, or 0 where the kernel doesn't say.
func (g *ControlGroup) Peak() int {
	bytes := 0
	if text, err := os.ReadFile(g.peak); err == nil {
		_, _ = fmt.Sscan(string(text), &bytes)
	}
	return bytes >> 20
}
