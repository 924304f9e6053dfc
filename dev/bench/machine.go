package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Machine is where the figures come from.
type Machine struct {
	System string `json:"system"`
	Kernel string `json:"kernel"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory int    `json:"memory"` // in GiB
	// Load is the load average of the minute before the benchmark: how much
	// else the machine had to do.
	Load float64 `json:"load"`
	// Hash is the CPU time of one SHA-256 over 1 MiB, in microseconds, and Copy
	// that of a copy of it.
	Hash float64 `json:"hash"`
	Copy float64 `json:"copy"`
}

func machine() Machine {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	average, _ := os.ReadFile("/proc/loadavg")
	m := Machine{
		System: strings.Trim(line("/etc/os-release", "PRETTY_NAME="), `"`),
		Kernel: strings.TrimSpace(string(kernel)),
		CPU:    strings.TrimLeft(line("/proc/cpuinfo", "model name"), "\t :"),
		Cores:  runtime.NumCPU(),
	}
	if fields := strings.Fields(line("/proc/meminfo", "MemTotal:")); len(fields) > 0 {
		kib, _ := strconv.Atoi(fields[0])
		m.Memory = (kib + 1<<19) >> 20
	}
	if fields := strings.Fields(string(average)); len(fields) > 0 {
		m.Load, _ = strconv.ParseFloat(fields[0], 64)
	}
	// Not zeros: the pages of memory that nobody has written to are one page.
	body, other := bytes.Repeat([]byte("body"), 1<<18), bytes.Repeat([]byte("copy"), 1<<18)
	m.Hash = leastCPU(func() { sha256.Sum256(body) })
	m.Copy = leastCPU(func() { copy(other, body) })
	return m
}

// leastCPU is the least of some tries, as a machine's time for its work is.
func leastCPU(work func()) float64 {
	least := time.Hour
	for range 20 {
		before := ownCPU()
		work()
		least = min(least, ownCPU()-before)
	}
	return float64(least.Nanoseconds()) / 1000
}

// machineCPU is the CPU time that all processes have used since the machine's
// start, and what a hypervisor took from it.
func machineCPU() (time.Duration, error) {
	fields := strings.Fields(line("/proc/stat", "cpu "))
	if len(fields) < 8 {
		return 0, errors.New("/proc/stat has another format than expected")
	}
	ticks := int64(0)
	for i, field := range fields[:8] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		if i != 3 && i != 4 { // idle, and waiting for disks
			ticks += n
		}
	}
	return time.Duration(ticks) * tick, nil
}

// line finds the first line of a file that begins so, and returns the rest of
// it.
func line(file, begin string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), begin); ok {
			return rest
		}
	}
	return ""
}

// Where commands print their versions.
var versionTexts = []struct {
	name    string
	command []string
	pattern *regexp.Regexp
}{
	{"nginx", []string{"nginx", "-v"}, regexp.MustCompile(`nginx/([0-9.]+)`)},
	{"HAProxy", []string{"haproxy", "-v"}, regexp.MustCompile(`HAProxy version ([0-9.]+)`)},
	{"wrk", []string{"wrk", "-v"}, regexp.MustCompile(`wrk (?:debian/)?([0-9.]+)`)},
}

// versions are those of all that takes part and is installed.
func versions(e *environment) map[string]string {
	all := map[string]string{"Go": strings.TrimPrefix(runtime.Version(), "go")}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, v := range versionTexts {
		path, err := installed(v.command[0])
		if err != nil {
			continue
		}
		// wrk -v ends with a status that says failure.
		output, _ := exec.CommandContext(ctx, path, v.command[1:]...).CombinedOutput()
		if match := v.pattern.FindSubmatch(output); match != nil {
			all[v.name] = string(match[1])
		}
	}
	dependencies, _ := os.ReadFile(filepath.Join(e.root, "dev", "go.mod"))
	for name, module := range map[string]string{"Traefik": "github.com/traefik/traefik/v3", "Yaegi": "github.com/traefik/yaegi"} {
		pattern := regexp.MustCompile(regexp.QuoteMeta(module) + ` v([0-9.]+)`)
		if match := pattern.FindSubmatch(dependencies); match != nil {
			all[name] = string(match[1])
		}
	}
	git := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty")
	git.Dir = e.root
	if output, err := git.Output(); err == nil {
		all["hookward"] = strings.TrimSpace(string(output))
	}
	return all
}
