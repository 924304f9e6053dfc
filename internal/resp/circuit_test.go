package resp

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCircuit(t *testing.T) {
	p, address := pretend(t, func(_ []string) string { return "-OOM\r\n" })
	c, said := newTestClient(address)
	for outage := 1; outage <= 2; outage++ {
		setAnswer(p, func(_ []string) string { return "-OOM\r\n" })
		for i := 0; i < 50; i++ {
			_, err := Run(c, testScript, "key", nil)
			if down := errors.Is(err, ErrDown); down != (i >= maxFailures) {
				t.Fatalf("outage %d, try %d: %v", outage, i, err)
			}
		}
		if got := spoken(p); got != "EVALSHA EVALSHA EVALSHA" {
			t.Errorf("asked: %s", got)
		}
		setAnswer(p, one)
		c.mu.Lock()
		c.closed = time.Now()
		c.mu.Unlock()
		for i := 0; i < 5; i++ {
			if _, err := Run(c, testScript, "key", nil); err != nil {
				t.Fatalf("outage %d, recovered: %v", outage, err)
			}
		}
	}
	if text := strings.Join(*said, "\n"); strings.Count(text, "info: redis: is well again") != 2 || !strings.Contains(text, "error: redis: it answers OOM; limits and replays are this Traefik's alone meanwhile") {
		t.Error(text)
	}
	// While it is not known whether the server is well, one tries, and not all.
	c.failures = maxFailures
	if enter(c, false, c.closed) != nil || enter(c, false, c.closed.Add(time.Hour)) == nil {
		t.Error("more than one tries")
	}
	Close(c)
	if _, err := Run(c, testScript, "key", nil); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
}

// Of several endpoints, one that can't be used is left for the next.
func TestEndpoints(t *testing.T) {
	_, bad := pretend(t, func(_ []string) string { return "-READONLY\r\n" })
	_, good := pretend(t, one)
	c, _ := newTestClient("127.0.0.1:1", bad, good)
	worked := 0
	for i := 0; i < 5; i++ {
		if _, err := Run(c, testScript, "key", nil); err == nil {
			worked++
		}
		c.mu.Lock()
		c.closed = time.Now()
		c.mu.Unlock()
	}
	if worked != 3 {
		t.Errorf("%d of 5", worked)
	}
}

// With a server that hangs, a crowd does not wait for its turn to find that out.
func TestCrowd(t *testing.T) {
	p, address := pretend(t, func(_ []string) string { return "" })
	c, _ := newTestClient(address)
	impatient(c)
	began := time.Now()
	var wg sync.WaitGroup
	for w := 0; w < 200; w++ {
		wg.Add(1)
		go waitOne(c, &wg)
	}
	wg.Wait()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if n := len(strings.Fields(spoken(p))); n > 3*maxWaiting*c.options.PoolSize {
		t.Errorf("asked %d times", n)
	}
	if c.waiting != 0 || c.aside != 0 || len(c.slots)+len(c.spare) != 0 || c.probing {
		t.Errorf("%d wait, %d slots are taken, probing: %v", c.waiting, len(c.slots), c.probing)
	}
}

// However many strangers there are, those who are verified have their connections; and
// it is told once that some are turned away, of each kind.
func TestStrangersAside(t *testing.T) {
	hold := make(chan bool)
	_, address := pretend(t, func(command []string) string {
		if command[3] == "stranger" {
			<-hold
		}
		return ":1\r\n"
	})
	c, said := newTestClient(address)
	var wg sync.WaitGroup
	for w := 0; w < 100; w++ {
		wg.Add(1)
		go waitAside(c, &wg)
	}
	time.Sleep(50 * time.Millisecond)
	for i := 0; i < 20; i++ {
		if _, err := Run(c, testScript, "verified", nil); err != nil {
			t.Error(err)
		}
	}
	close(hold)
	wg.Wait()
	if text := strings.Join(*said, "\n"); strings.Count(text, "limits and bans of those beyond are this Traefik's alone") != 1 || len(*said) != 1 {
		t.Error(text)
	}
	c.waiting = maxWaiting * 4
	for i := 0; i < 2; i++ {
		if _, err := Run(c, testScript, "verified", nil); err != ErrBusy {
			t.Error(err)
		}
	}
	if text := strings.Join(*said, "\n"); strings.Count(text, "of those beyond, limits and replays are this Traefik's alone") != 1 {
		t.Error(text)
	}
}

func waitAside(c *Client, wg *sync.WaitGroup) {
	defer wg.Done()
	_, _ = RunAside(c, testScript, "stranger", nil)
}

func waitOne(c *Client, wg *sync.WaitGroup) {
	defer wg.Done()
	_, _ = Run(c, testScript, "key", nil)
}
