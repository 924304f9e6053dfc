package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// environment is what all contenders share: a directory for files that go when
// the benchmark ends, the Traefik binaries, and the backend.
type environment struct {
	root     string // the repository
	dir      string
	traefiks map[gateway.Form]string // paths of the binaries
	self     string                  // this binary, for the parts that are processes of their own
	backend  string                  // its address
	process  *process
	runs     atomic.Uint64 // load runs so far; each has another name
}

// newEnvironment builds Traefik in both forms and starts the backend.
func newEnvironment(ctx context.Context, progress io.Writer) (*environment, error) {
	e := &environment{traefiks: map[gateway.Form]string{}}
	var err error
	if e.root, err = gateway.Root(); err != nil {
		return nil, err
	}
	for _, form := range forms {
		if e.traefiks[form], err = gateway.BuildPinned(ctx, form, progress); err != nil {
			return nil, err
		}
	}
	if e.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if e.dir, err = os.MkdirTemp("", "hookward-bench-"); err != nil {
		return nil, err
	}
	// nginx' workers are another user.
	if err := os.Chmod(e.dir, 0o755); err != nil {
		return nil, err
	}
	if e.process, e.backend, err = e.part("backend"); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *environment) close() {
	e.process.stop()
	_ = os.RemoveAll(e.dir)
}

// part starts the backend or the verifier, and returns its address.
func (e *environment) part(role string) (*process, string, error) {
	command := exec.Command(e.self)
	command.Env = append(os.Environ(), roleVariable+"="+role)
	// A pipe of ours, and not the command's: Wait would close that one under
	// the reader.
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = reader.Close() }()
	command.Stdout = writer
	p, err := start(command)
	_ = writer.Close()
	if err != nil {
		return nil, "", err
	}
	p.name = role
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, "", fmt.Errorf("%s did not start: %w: %s", role, err, p.said)
	}
	return p, line[:len(line)-1], nil
}

// arrived asks the backend what has reached it.
func (e *environment) arrived() (counts, error) {
	c := counts{}
	response, err := http.Get("http://" + e.backend + "/counts")
	if err != nil {
		return c, err
	}
	defer func() { _ = response.Body.Close() }()
	return c, json.NewDecoder(response.Body).Decode(&c)
}

// generate runs the load generator.
func (e *environment) generate(ctx context.Context, j job) (*load, error) {
	j.Run = fmt.Sprintf("%016x", uint64(time.Now().UnixMicro())<<16|e.runs.Add(1)&0xffff)
	input, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	limit := j.Duration + patience
	if j.Requests > 0 {
		limit = patience + time.Duration(j.Requests)*10*time.Millisecond
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	command := exec.CommandContext(ctx, e.self)
	command.Env = append(os.Environ(), roleVariable+"=load", "GOMAXPROCS=1")
	command.Stdin = bytes.NewReader(input)
	var output, said bytes.Buffer
	command.Stdout, command.Stderr = &output, &said
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("the load generator: %w: %s", errors.Join(err, ctx.Err()), said.String())
	}
	l := &load{}
	return l, json.Unmarshal(output.Bytes(), l)
}

// directory makes a directory for a contender's files.
func (e *environment) directory(name string) (string, error) {
	path := filepath.Join(e.dir, name)
	return path, os.MkdirAll(path, 0o755)
}
