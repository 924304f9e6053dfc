package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// patience is how long a process may take to be ready, and a run longer than it
// should. Only what is broken ever waits so long.
const patience = 20 * time.Second

// process is one that the benchmark has started.
type process struct {
	name    string
	command *exec.Cmd
	said    *tail
	done    chan struct{}
}

// start runs a command. Its standard output goes to /dev/null, unless the
// command has something else already; its errors are kept for a message.
func start(command *exec.Cmd) (*process, error) {
	p := &process{name: filepath.Base(command.Path), command: command, said: &tail{}, done: make(chan struct{})}
	command.Stderr = p.said
	// Whatever becomes of the benchmark, nothing stays behind. A group of its
	// own: Ctrl-C is for the benchmark, which then ends the others.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	go func() {
		_ = command.Wait()
		close(p.done)
	}()
	return p, nil
}

// until waits until the condition holds.
func (p *process) until(condition func() bool) error {
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(2 * time.Millisecond) {
		select {
		case <-p.done:
			return fmt.Errorf("%s has ended: %s", p.name, p.said)
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready in time: %s", p.name, p.said)
		}
	}
	return nil
}

// listening says whether something listens at an address.
func listening(address string) bool {
	c, err := net.Dial("tcp", address)
	return err == nil && c.Close() == nil
}

// stop ends the process. It may be nil.
func (p *process) stop() {
	if p == nil {
		return
	}
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.command.Process.Kill()
		<-p.done
	}
}

// usage is what a process and its children use: CPU time since their start, and
// resident memory in bytes.
type usage struct {
	cpu time.Duration
	rss int64
}

// uses reads the usage of a process and of its children, such as nginx' workers.
// It may be nil.
func (p *process) uses() (usage, error) {
	total := usage{}
	if p == nil {
		return total, nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return total, err
	}
	own, found := p.command.Process.Pid, false
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		parent, u, err := read(pid)
		if err != nil || pid != own && parent != own {
			continue
		}
		found = found || pid == own
		total.cpu += u.cpu
		total.rss += u.rss
	}
	if !found {
		return total, fmt.Errorf("%s has ended: %s", p.name, p.said)
	}
	return total, nil
}

// tick is the unit of CPU time in /proc, on every Linux that Go knows.
const tick = 10 * time.Millisecond

// read reads /proc/PID/stat: the parent, and what the process uses.
func read(pid int) (int, usage, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, usage{}, err
	}
	// The second field is the name, in parentheses, and may contain anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 22 {
		return 0, usage{}, errors.New("/proc has another format than expected")
	}
	numbers := [4]int64{}
	for i, field := range []int{1, 11, 12, 21} { // ppid, utime, stime, rss in pages
		if numbers[i], err = strconv.ParseInt(fields[field], 10, 64); err != nil {
			return 0, usage{}, err
		}
	}
	return int(numbers[0]), usage{cpu: time.Duration(numbers[1]+numbers[2]) * tick, rss: numbers[3] * int64(os.Getpagesize())}, nil
}

// freeAddress finds a free port on loopback.
func freeAddress() (string, error) {
	found, err := gateway.FreeAddresses("127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// tail keeps the end of what a process prints.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if len(t.text) > 16384 {
		t.text = t.text[len(t.text)-8192:]
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
