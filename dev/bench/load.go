package main

import (
	"slices"
	"strconv"
	"syscall"
	"time"
)

// job is what the load generator is to do. It is a process of its own with one
// thread, as wrk -t1 has, so that its CPU time is known.
type job struct {
	Address     string        `json:"address"`
	Paths       []string      `json:"paths"` // used in turn
	Size        int           `json:"size"`  // of the bodies, in bytes
	Key         string        `json:"key"`   // what they are signed with
	Run         string        `json:"run"`   // 16 characters that no other run has
	Connections int           `json:"connections"`
	Duration    time.Duration `json:"duration"`
	Requests    int64         `json:"requests"` // ends the run instead of Duration, if not 0
	Rate        float64       `json:"rate"`     // requests per second; 0 is as fast as the answers come
}

// load is what came of a job.
type load struct {
	Statuses map[string]int64 `json:"statuses"`
	Errors   map[string]int64 `json:"errors"`
	Requests int64            `json:"requests"` // that were answered
	Elapsed  time.Duration    `json:"elapsed"`
	P50      time.Duration    `json:"p50"`
	P99      time.Duration    `json:"p99"`
	Max      time.Duration    `json:"max"`
	CPU      time.Duration    `json:"cpu"` // of the generator
}

// run does the job, on one thread with one event loop. A request that fails is
// counted; only a job that can't begin is an error.
func (j *job) run() (*load, error) {
	l := &load{Statuses: map[string]int64{}, Errors: map[string]int64{}}
	w := &loop{job: j, statuses: map[int]int64{}, errors: l.Errors}
	before := ownCPU()
	if err := w.run(); err != nil {
		return nil, err
	}
	l.CPU = ownCPU() - before
	l.Elapsed = w.last.Sub(w.start)
	for status, n := range w.statuses {
		l.Statuses[strconv.Itoa(status)] = n
		l.Requests += n
	}
	slices.Sort(w.latencies)
	if n := len(w.latencies); n > 0 {
		at := func(i int) time.Duration { return time.Duration(w.latencies[i]) * time.Microsecond }
		l.P50, l.P99, l.Max = at(n/2), at(n*99/100), at(n-1)
	}
	return l, nil
}

// ownCPU is the CPU time that this process has used.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
