package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/hookward/hookward/signer"
)

const (
	// maxAnswerBytes bounds what is kept of an answer's body.
	maxAnswerBytes = 16 << 10
	// maxDrainedBytes bounds what is read of it so that the connection can be used again.
	maxDrainedBytes = 1 << 20
)

// sending is a plan while it is being carried out.
type sending struct {
	plan    *plan
	client  *http.Client
	started time.Time

	mu      sync.Mutex
	begun   int
	report  *sendReport
	shown   time.Time // when the progress was shown last
	stderr  io.Writer
	broken  error // why no more is sent
	showing bool
}

// run sends what is planned, and prints what came of it.
func (p *plan) run(ctx context.Context, o *sendOptions, s streams) (int, error) {
	// Whoever interrupts a long run sees what came of it until then.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := &sending{plan: p, client: clientOf(o), started: time.Now(), report: newReport(), stderr: s.stderr, showing: o.count > 1 && isTerminal(s.stderr)}
	workers := o.concurrency
	if workers == 0 {
		workers = 8
	}
	if workers > o.count {
		workers = o.count
	}
	var group sync.WaitGroup
	for i := 0; i < workers; i++ {
		group.Add(1)
		go r.work(ctx, &group)
	}
	group.Wait()
	if r.showing {
		fmt.Fprint(s.stderr, "\r\x1b[K")
	}
	if r.broken != nil {
		return exitUsage, r.broken
	}
	r.report.close(o.count, time.Since(r.started))
	return r.report.print(o, s.stdout)
}

// work sends one delivery after another, until all are sent.
func (r *sending) work(ctx context.Context, group *sync.WaitGroup) {
	defer func() {
		if problem := recover(); problem != nil {
			r.end(fmt.Errorf("a bug: %v", problem))
		}
		group.Done()
	}()
	for n := r.claim(); n > 0; n = r.claim() {
		if !sleepUntil(ctx, r.started.Add(time.Duration(n-1)*r.plan.interval)) {
			return
		}
		d, err := r.plan.next(n, time.Now())
		if err != nil {
			r.end(err)
			return
		}
		a := r.deliver(ctx, d)
		if ctx.Err() != nil && a.err != nil {
			return // interrupted, which is nobody's answer
		}
		r.note(a)
	}
}

// claim returns the number of the next delivery, or 0 where there is none.
func (r *sending) claim() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil || r.begun >= r.plan.o.count {
		return 0
	}
	r.begun++
	return r.begun
}

// end keeps all others from sending more.
func (r *sending) end(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken == nil {
		r.broken = err
	}
}

// note counts an answer, and shows the progress five times a second.
func (r *sending) note(a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.add(a)
	now := time.Now()
	if r.showing && now.Sub(r.shown) > 200*time.Millisecond {
		r.shown = now
		fmt.Fprintf(r.stderr, "\r\x1b[K%d of %d, %d of them not 2xx", r.report.Sent, r.plan.o.count, r.report.Sent-r.report.accepted)
	}
}

// sleepUntil returns false where the context ended first.
func sleepUntil(ctx context.Context, at time.Time) bool {
	wait := time.Until(at)
	if wait > 0 {
		ended, cancel := context.WithTimeout(ctx, wait)
		<-ended.Done()
		cancel()
	}
	return ctx.Err() == nil
}

// answer is what came of one delivery.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	cut     bool // there was more of the body
	latency time.Duration
	err     error // why there is no answer
}

// deliver sends a delivery, and reads the answer.
func (r *sending) deliver(ctx context.Context, d signer.Delivery) answer {
	request, err := http.NewRequestWithContext(ctx, d.Method, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return answer{err: err}
	}
	request.Header = d.Header
	if len(d.Header["User-Agent"]) == 0 {
		request.Header.Set("User-Agent", "hookward-send")
	}
	begin := time.Now()
	response, err := r.client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes+1))
	a := answer{status: response.StatusCode, header: response.Header, body: body, latency: time.Since(begin), err: err}
	if len(body) > maxAnswerBytes {
		a.body = body[:maxAnswerBytes]
		a.cut = true
		_, _ = io.CopyN(io.Discard, response.Body, maxDrainedBytes)
	}
	return a
}

// clientOf returns a client as a provider has one: it follows no redirect.
func clientOf(o *sendOptions) *http.Client {
	dialer := &net.Dialer{Timeout: o.timeout}
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 1000,
		DisableCompression:  true,
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: o.insecure},
	}
	if o.connectTo != "" {
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, o.connectTo)
		}
	}
	return &http.Client{
		Timeout:   o.timeout,
		Transport: transport,
		CheckRedirect: func(_ *http.Request, _ []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// cause returns an error's text on one line, and without the URL, which may have a token
// in it. Errors of TLS and of HTTP have the server's own words in them.
func cause(err error) string {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "no answer in time"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return oneLine(err.Error())
		}
		err = inner
	}
}
