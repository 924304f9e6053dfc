package budget

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryPart is which part of the memory that a process may have is for bodies: Go's
// collector may need twice what is held, and half is Traefik's and the plugin's.
const memoryPart = 4

// fixed is the limit where nobody says how much memory there may be.
const fixed = 256 << 20

// Default returns the limit for this process: a quarter of GOMEMLIMIT, or of its
// control group's limit, whichever is less.
func Default() int64 {
	return defaultOf(debug.SetMemoryLimit(-1), "/") // a negative one changes nothing
}

func defaultOf(memory int64, root string) int64 {
	for _, file := range limitFiles(root) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && limit > 0 && limit < memory {
			memory = limit
		}
	}
	// Version 1 has a number of this size for no limit.
	if memory >= math.MaxInt64/2 {
		return fixed
	}
	return memory / memoryPart
}

// limitFiles returns where limits of this process's memory may stand, of control groups
// of version 2 and 1. A group is bound by those above it. In a container its own is often
// mounted at the top, whatever the kernel says of its path.
func limitFiles(root string) []string {
	groups, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return nil
	}
	files := []string{}
	for _, line := range strings.Split(strings.TrimSpace(string(groups)), "\n") {
		fields := strings.SplitN(line, ":", 3)
		if len(fields) != 3 {
			continue
		}
		mount, name := "", ""
		if fields[1] == "" {
			mount = "sys/fs/cgroup"
			name = "memory.max"
		} else if strings.Contains(","+fields[1]+",", ",memory,") {
			mount = "sys/fs/cgroup/memory"
			name = "memory.limit_in_bytes"
		} else {
			continue
		}
		for path := filepath.Join("/", fields[2]); ; path = filepath.Dir(path) {
			files = append(files, filepath.Join(root, mount, path, name))
			if path == "/" {
				break
			}
		}
	}
	return files
}
