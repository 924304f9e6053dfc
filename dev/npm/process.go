package npm

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// StartPatience is how long Node.js may take to start on a busy machine.
const StartPatience = 2 * time.Minute

// Process is a server that Node.js runs.
type Process struct {
	URL    string // where it listens, as it has said itself
	cancel context.CancelFunc
	done   chan struct{}
}

// Start installs what a folder needs, and runs a script of it that prints where it listens.
// Stop ends it.
func Start(folder, script string, arguments ...string) (*Process, error) {
	if err := Install(folder); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, "node", append([]string{script}, arguments...)...)
	command.Dir = folder
	said := &strings.Builder{}
	command.Stderr = said
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	p := &Process{cancel: cancel, done: make(chan struct{})}
	late := time.AfterFunc(StartPatience, cancel)
	for lines := bufio.NewScanner(output); p.URL == "" && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "http://") {
			p.URL = lines.Text()
		}
	}
	late.Stop()
	go func() {
		defer close(p.done)
		_, _ = io.Copy(io.Discard, output)
		_ = command.Wait()
	}()
	if p.URL == "" {
		p.Stop()
		return nil, fmt.Errorf("%s does not start: %s", script, said)
	}
	return p, nil
}

// Stop ends it, and waits for its end.
func (p *Process) Stop() {
	p.cancel()
	<-p.done
}
