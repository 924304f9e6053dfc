package main

import (
	"errors"
	"net/netip"
	"syscall"
	"time"
)

// loop sends requests on some connections and reads the answers. Go's own
// network poller would need twice the CPU time, which the contenders would
// lack.
type loop struct {
	job         *job
	poll        int // epoll's file descriptor
	connections []*connection
	active      int // connections that are not done

	start, end time.Time
	sent       int64 // requests so far
	last       time.Time
	statuses   map[int]int64
	errors     map[string]int64
	latencies  []int32 // in microseconds
}

// connection has one request under way, or waits until the next is due.
type connection struct {
	request *request
	fd      int
	unsent  []byte    // of the request
	answer  []byte    // what has arrived of it
	begin   time.Time // of the request
	due     time.Time // when the next is due, where there is a rate
	waits   bool      // until then
	done    bool
}

// maxAnswer is the most that an answer may have, with its header.
const maxAnswer = 16384

// run returns when the job is done.
func (w *loop) run() error {
	var err error
	if w.poll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return err
	}
	defer func() { _ = syscall.Close(w.poll) }()
	for i := range w.job.Connections {
		r, err := newRequest(w.job.Address, w.job.Paths, w.job.Size, w.job.Key, w.job.Run)
		if err != nil {
			return err
		}
		c := &connection{request: r, fd: -1, answer: make([]byte, 0, maxAnswer)}
		w.connections = append(w.connections, c)
		defer func() { _ = syscall.Close(c.fd) }()
		if err := w.dial(i); err != nil {
			return err
		}
	}
	w.start = time.Now()
	w.end, w.last = w.start.Add(w.job.Duration), w.start
	w.active = len(w.connections)
	for i, c := range w.connections {
		c.due = w.start.Add(w.interval() * time.Duration(i) / time.Duration(len(w.connections)))
		w.next(i, w.start)
	}
	events := make([]syscall.EpollEvent, len(w.connections))
	for w.active > 0 {
		n, err := wait(w.poll, events, w.pause())
		if err != nil {
			return err
		}
		for _, event := range events[:n] {
			w.handle(int(event.Fd))
		}
		if w.job.Rate > 0 {
			for i, c := range w.connections {
				if now := time.Now(); c.waits && !now.Before(c.due) {
					c.waits = false
					w.begin(i, now)
				}
			}
		}
	}
	return nil
}

// interval is the time from request to request of one connection; 0 without a
// rate.
func (w *loop) interval() time.Duration {
	if w.job.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(len(w.connections)) / w.job.Rate * float64(time.Second))
}

// pause is the time until a request is due.
func (w *loop) pause() time.Duration {
	least := time.Second
	if w.job.Rate > 0 {
		now := time.Now()
		for _, c := range w.connections {
			if c.waits {
				least = min(least, c.due.Sub(now))
			}
		}
	}
	return max(least, 0)
}

// next begins the next request of a connection that has none under way, or lets
// it wait, or ends it.
func (w *loop) next(i int, now time.Time) {
	c := w.connections[i]
	switch {
	case w.job.Requests > 0 && w.sent >= w.job.Requests, w.job.Requests == 0 && !now.Before(w.end):
		c.done = true
		w.active--
	case w.job.Rate > 0 && now.Before(c.due):
		c.waits = true
	case w.job.Rate > 0:
		// It was due while the last one was still under way: it has waited since.
		w.begin(i, c.due)
	default:
		w.begin(i, now)
	}
}

// begin sends a request whose time counts from begin on.
func (w *loop) begin(i int, begin time.Time) {
	c := w.connections[i]
	w.sent++
	c.begin, c.due = begin, c.due.Add(w.interval())
	if err := c.request.number(uint64(w.sent)); err != nil {
		w.fail(i, err)
		return
	}
	c.unsent = c.request.bytes
	if err := c.write(); err != nil {
		w.fail(i, err)
	}
}

// handle does what an event makes possible. Events come once each, so all of it
// has to be done.
func (w *loop) handle(i int) {
	c := w.connections[i]
	if c.done {
		return
	}
	if err := c.write(); err != nil {
		w.fail(i, err)
		return
	}
	for {
		free := c.answer[len(c.answer):cap(c.answer)]
		n, err := syscall.Read(c.fd, free)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			w.fail(i, err)
			return
		case n == 0:
			w.fail(i, errors.New("the connection was closed in the place of an answer"))
			return
		}
		c.answer = c.answer[:len(c.answer)+n]
		status, keep, err := parse(c.answer)
		if err != nil {
			w.fail(i, err)
			return
		}
		if status != 0 {
			w.complete(i, status, keep)
			return
		}
		if n < len(free) {
			return // that was all there is
		}
	}
}

// complete counts an answer.
func (w *loop) complete(i, status int, keep bool) {
	c := w.connections[i]
	now := time.Now()
	w.statuses[status]++
	w.last = now
	w.latencies = append(w.latencies, int32(now.Sub(c.begin).Microseconds()))
	c.answer = c.answer[:0]
	if !keep || len(c.unsent) > 0 {
		if err := w.dial(i); err != nil {
			w.fail(i, err)
			return
		}
	}
	w.next(i, now)
}

// fail counts an error and ends the connection: the run's figures don't count any
// more.
func (w *loop) fail(i int, err error) {
	w.errors[err.Error()]++
	w.connections[i].done = true
	w.active--
}

// dial opens a connection, and closes the one before.
func (w *loop) dial(i int) error {
	c := w.connections[i]
	if c.fd >= 0 {
		_ = syscall.Close(c.fd)
		c.fd = -1
	}
	address, err := netip.ParseAddrPort(w.job.Address)
	if err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	c.fd, c.unsent, c.answer = fd, nil, c.answer[:0]
	// Edge-triggered: one registration is enough for all there is to be told.
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLOUT | 1<<31, Fd: int32(i)}
	return errors.Join(
		syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()}),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.SetNonblock(fd, true),
		syscall.EpollCtl(w.poll, syscall.EPOLL_CTL_ADD, fd, &event),
	)
}

// write sends what the socket takes.
func (c *connection) write() error {
	for len(c.unsent) > 0 {
		n, err := syscall.Write(c.fd, c.unsent)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return err
		}
		c.unsent = c.unsent[n:]
	}
	return nil
}
