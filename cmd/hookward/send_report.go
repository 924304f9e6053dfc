package main

import (
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

// sendReport is what came of all deliveries, and what --json prints.
type sendReport struct {
	Sent     int            `json:"sent"`               // those that were answered, and those that were not
	Planned  int            `json:"planned"`            // as --count says
	Seconds  float64        `json:"seconds"`            // that all of it took
	Statuses map[string]int `json:"statuses"`           // how many answers had each status
	Errors   map[string]int `json:"errors"`             // why there was none
	Latency  *latencies     `json:"latency,omitempty"`  // of the answers; absent where there is none
	Response *response      `json:"response,omitempty"` // where there is one delivery

	accepted int // answers of 2xx
	answered int
	took     []time.Duration
	last     answer
}

// latencies are how long answers took, in milliseconds.
type latencies struct {
	Min    float64 `json:"min_ms"`
	Median float64 `json:"median_ms"`
	P95    float64 `json:"p95_ms"`
	Max    float64 `json:"max_ms"`
}

// response is the answer to a single delivery.
type response struct {
	Status int         `json:"status"`
	Header http.Header `json:"headers"`
	Body   string      `json:"body"` // at most 16 KiB of it
	Cut    bool        `json:"cut"`  // there was more
}

func newReport() *sendReport {
	return &sendReport{Statuses: map[string]int{}, Errors: map[string]int{}}
}

// add counts an answer.
func (r *sendReport) add(a answer) {
	r.Sent++
	r.last = a
	if a.err != nil {
		r.Errors[cause(a.err)]++
		return
	}
	r.answered++
	r.Statuses[strconv.Itoa(a.status)]++
	r.took = append(r.took, a.latency)
	if a.status >= 200 && a.status < 300 {
		r.accepted++
	}
}

// close works out what can be said at the end only.
func (r *sendReport) close(planned int, took time.Duration) {
	r.Planned = planned
	r.Seconds = took.Seconds()
	if len(r.took) > 0 {
		sort.Slice(r.took, func(i, j int) bool { return r.took[i] < r.took[j] })
		r.Latency = &latencies{
			Min:    milliseconds(r.took[0]),
			Median: milliseconds(quantile(r.took, 50)),
			P95:    milliseconds(quantile(r.took, 95)),
			Max:    milliseconds(r.took[len(r.took)-1]),
		}
	}
	if planned == 1 && r.answered == 1 {
		r.Response = &response{Status: r.last.status, Header: r.last.header, Body: string(r.last.body), Cut: r.last.cut}
	}
}

// quantile returns the least of sorted values that percent of them do not exceed.
func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}

// print prints the report, and returns the exit status.
func (r *sendReport) print(o *sendOptions, w io.Writer) (int, error) {
	var err error
	switch {
	case o.asJSON:
		err = printJSON(w, r)
	case r.Response != nil:
		_, err = io.WriteString(w, r.one(w))
	case o.count > 1:
		_, err = io.WriteString(w, r.summary(w))
	}
	switch {
	case err != nil:
		return exitUsage, err
	case r.answered == 0 && o.count == 1 && !o.asJSON && r.last.err != nil:
		return exitUsage, fmt.Errorf("no answer: %s", cause(r.last.err))
	case r.answered == 0:
		return exitUsage, nil
	case r.accepted < r.Planned:
		return exitBroken, nil
	}
	return exitGood, nil
}

// interesting are the headers of an answer that say something to a sender.
var interesting = []string{"Content-Type", "Location", "Retry-After", "Ratelimit", "Ratelimit-Policy", "Allow", "Www-Authenticate", "Server"}

// one describes a single answer.
func (r *sendReport) one(w io.Writer) string {
	text := strings.Builder{}
	status := fmt.Sprintf("%d %s", r.last.status, http.StatusText(r.last.status))
	fmt.Fprintf(&text, "%s in %.1f ms\n", paint(w, colourOf(r.last.status), status), r.Latency.Max)
	for _, name := range interesting {
		for _, value := range r.last.header[name] {
			fmt.Fprintf(&text, "%s: %s\n", name, oneLine(value))
		}
	}
	if len(r.last.body) > 0 {
		fmt.Fprintf(&text, "\n%s\n", strings.TrimRight(printable(string(r.last.body)), "\n"))
	}
	if r.last.cut {
		fmt.Fprintf(&text, "... and more than the first %d bytes\n", maxAnswerBytes)
	}
	return text.String()
}

// summary describes many answers.
func (r *sendReport) summary(w io.Writer) string {
	text := strings.Builder{}
	fmt.Fprintf(&text, "%d of %d sent in %.1f s\n", r.Sent, r.Planned, r.Seconds)
	for _, name := range sortedNames(r.Statuses) {
		status, _ := strconv.Atoi(name)
		fmt.Fprintf(&text, "  %s  %d\n", paint(w, colourOf(status), name+" "+http.StatusText(status)), r.Statuses[name])
	}
	for _, name := range sortedNames(r.Errors) {
		fmt.Fprintf(&text, "  %s  %d\n", paint(w, red, "no answer: "+name), r.Errors[name])
	}
	if r.Latency != nil {
		fmt.Fprintf(&text, "latency: min %.1f ms, median %.1f ms, 95 %% within %.1f ms, max %.1f ms\n", r.Latency.Min, r.Latency.Median, r.Latency.P95, r.Latency.Max)
	}
	return text.String()
}

func colourOf(status int) string {
	switch {
	case status >= 200 && status < 300:
		return green
	case status >= 300 && status < 400:
		return yellow
	}
	return red
}

// sortedNames returns the names of what a map has, in order.
func sortedNames[T any](named map[string]T) []string {
	names := make([]string, 0, len(named))
	for name := range named {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
