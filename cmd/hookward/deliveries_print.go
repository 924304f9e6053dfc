package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookward/hookward/cmd/hookward/internal/deliveries"
	"github.com/hookward/hookward/internal/redact"
	"github.com/hookward/hookward/internal/store"
)

// keptReport is what --json says of a delivery. What stands below whole is there in show
// and export alone.
type keptReport struct {
	ID         string `json:"id"`
	State      string `json:"state"`
	Reason     string `json:"reason,omitempty"`   // of its death
	HandedTo   int    `json:"handedTo,omitempty"` // so many outputs of dead letters
	Middleware string `json:"middleware"`
	Router     string `json:"router,omitempty"`
	Provider   string `json:"provider,omitempty"`
	Event      string `json:"event,omitempty"`
	DeliveryID string `json:"deliveryID,omitempty"` // the sender's
	Received   string `json:"received,omitempty"`
	Attempts   int    `json:"attempts"`
	LastStatus int    `json:"lastStatus,omitempty"`
	Due        string `json:"due,omitempty"`
	Died       string `json:"died,omitempty"`
	Arrived    string `json:"arrived,omitempty"` // when it was delivered, and is kept since
	Bytes      int64  `json:"bytes"`             // of the file
	Problem    string `json:"problem,omitempty"` // why its file can't be read

	*wholeReport
}

type wholeReport struct {
	Method     string              `json:"method,omitempty"`
	Host       string              `json:"host,omitempty"`
	URI        string              `json:"uri,omitempty"`
	Tokens     []string            `json:"tokens,omitempty"` // places of tokens that are put in at each attempt
	Headers    map[string][]string `json:"headers,omitempty"`
	Trailers   map[string][]string `json:"trailers,omitempty"`
	Body       string              `json:"body,omitempty"`
	BodyBase64 string              `json:"bodyBase64,omitempty"` // instead of body, where that is no UTF-8
	History    []attemptReport     `json:"history"`
	Changes    []store.Action      `json:"changes"`
}

type attemptReport struct {
	Number   int     `json:"number"`
	Time     string  `json:"time"`
	Status   int     `json:"status,omitempty"`
	Duration float64 `json:"seconds"`
	Outcome  string  `json:"outcome"`
}

func reportOf(k *deliveries.Kept) *keptReport {
	e := &k.Entry
	r := &keptReport{ID: e.ID, State: e.State, Reason: e.Reason, Middleware: k.Store.Middleware, Attempts: e.Attempts, Bytes: e.Size, Problem: k.Problem}
	at := stamp(time.UnixMilli(e.When))
	r.HandedTo = len(store.MarksOf(e))
	switch e.State {
	case store.Dead:
		r.Died = at
	case store.Delivered:
		r.Arrived = at
	default:
		r.Due = at
	}
	if k.Last != nil {
		r.LastStatus = k.Last.Status
	}
	if d := k.Delivery; d != nil {
		r.Router = d.Router
		r.Provider = d.Provider
		r.Event = d.EventType
		r.DeliveryID = d.DeliveryID
		r.Received = stamp(d.Received)
	}
	return r
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// wholeOf adds what a delivery has in it, or returns what is wrong with its file.
func wholeOf(k *deliveries.Kept) (*keptReport, string) {
	r := reportOf(k)
	r.wholeReport = &wholeReport{History: []attemptReport{}, Changes: deliveries.Actions(k.Store, k.Entry.ID)}
	for _, a := range store.Attempts(k.Store, k.Entry.ID) {
		r.History = append(r.History, attemptReport{a.Number, stamp(a.Time), a.Status, a.Duration.Seconds(), a.Outcome})
	}
	d, problem := store.Load(k.Store, &k.Entry)
	if problem != "" {
		r.Problem = problem
		return r, problem
	}
	r.Method = d.Method
	r.Host = d.Host
	r.URI = withoutSecrets(d.RequestURI)
	r.Tokens = d.Tokens
	r.Headers = maskHeaders(d.Headers)
	r.Trailers = maskHeaders(d.Trailers)
	if utf8.Valid(d.Body) {
		r.Body = string(d.Body)
	} else {
		r.BodyBase64 = base64.StdEncoding.EncodeToString(d.Body)
	}
	return r, ""
}

// withoutSecrets leaves out of a URI what is secret in its query, as the records do.
func withoutSecrets(uri string) string {
	path, query, hasQuery := strings.Cut(uri, "?")
	if !hasQuery {
		return uri
	}
	rules, _ := redact.Compile(nil, nil, nil)
	return path + "?" + redact.Query(rules, query, len(query))
}

// maskHeaders leaves out what headers have that is secret. A signature is none: it is bound
// to its body.
func maskHeaders(headers map[string][]string) map[string][]string {
	masked := map[string][]string{}
	for name, values := range headers {
		masked[name] = values
		if redact.SensitiveName(name) && !strings.Contains(strings.ToLower(name), "signature") {
			masked[name] = []string{redact.Marker}
		}
	}
	return masked
}

func (o *deliveriesOptions) list(s streams, found []*deliveries.Kept) error {
	reports := []*keptReport{}
	for _, k := range found {
		reports = append(reports, reportOf(k))
	}
	if o.asJSON {
		return printJSON(s.stdout, reports)
	}
	if len(reports) == 0 {
		_, err := io.WriteString(s.stdout, "none\n")
		return err
	}
	_, err := io.WriteString(s.stdout, keptTable(reports, s.stdout))
	return err
}

func keptTable(reports []*keptReport, w io.Writer) string {
	rows := [][]string{{"RECEIVED", "MIDDLEWARE", "EVENT", "STATE", "ATTEMPTS", "LAST", "DUE", "BYTES", "ID"}}
	counts := map[string]int{}
	for _, r := range reports {
		state := r.State
		last := "-"
		counts[r.State]++
		if r.State == store.Dead {
			state += ", " + r.Reason
		}
		if r.Problem != "" {
			state += ", " + r.Problem
		}
		if r.LastStatus > 0 {
			last = strconv.Itoa(r.LastStatus)
		}
		rows = append(rows, []string{orDash(r.Received), oneLine(r.Middleware), orDash(oneLine(r.Event)), oneLine(state), strconv.Itoa(r.Attempts), last, orDash(r.Due), strconv.FormatInt(r.Bytes, 10), oneLine(r.ID)})
	}
	total := fmt.Sprintf("%d waiting, %d dead", counts[store.Waiting], counts[store.Dead])
	if n := counts[store.Delivered]; n > 0 {
		total += fmt.Sprintf(", %d delivered", n)
	}
	return table(rows, w) + total + "\n"
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// showAll prints deliveries whole, and says whether all of them could be read.
func (o *deliveriesOptions) showAll(s streams, found []*deliveries.Kept) (bool, error) {
	whole := true
	reports := []*keptReport{}
	for i, k := range found {
		r, problem := wholeOf(k)
		if problem != "" {
			whole = false
			fmt.Fprintf(s.stderr, "%s can't be read: it is %s%s\n", k.Entry.ID, problem, cureOf(problem))
		}
		var err error
		switch {
		case o.action == "export":
			err = printJSONLine(s.stdout, r)
		case o.asJSON:
			reports = append(reports, r)
		default:
			text := r.describe(s.stdout)
			if i > 0 {
				text = "\n" + text
			}
			_, err = io.WriteString(s.stdout, text)
		}
		if err != nil {
			return false, err
		}
	}
	if o.action == "show" && o.asJSON {
		return whole, printJSON(s.stdout, reports)
	}
	return whole, nil
}

func cureOf(problem string) string {
	if problem == store.Unencryptable {
		return "; give the key with --encryption-key"
	}
	return ""
}

// describe says for people what a report says.
func (r *keptReport) describe(w io.Writer) string {
	text := strings.Builder{}
	fmt.Fprintln(&text, paint(w, bold, oneLine(r.ID)))
	state := r.State
	if r.Reason != "" {
		state += ", " + r.Reason
	}
	if r.HandedTo > 0 {
		state += fmt.Sprintf(", handed over to %d outputs", r.HandedTo)
	}
	for _, line := range [][2]string{
		{"State", state}, {"Problem", r.Problem}, {"Received", r.Received}, {"Due", r.Due}, {"Died", r.Died}, {"Arrived", r.Arrived}, {"Middleware", r.Middleware}, {"Router", r.Router},
		{"Provider", r.Provider}, {"Event", r.Event}, {"Sender's id", r.DeliveryID}, {"Attempts", strconv.Itoa(r.Attempts)}, {"Tokens", strings.Join(r.Tokens, ", ")},
	} {
		if line[1] != "" {
			fmt.Fprintf(&text, "%-12s %s\n", line[0]+":", oneLine(line[1]))
		}
	}
	for _, a := range r.History {
		fmt.Fprintf(&text, "  attempt %d at %s: %s, %s after %.3f s\n", a.Number, oneLine(a.Time), orDash(statusText(a.Status)), oneLine(a.Outcome), a.Duration)
	}
	for _, c := range r.Changes {
		action := c.Action
		if c.From != "" {
			action += " from " + c.From
		}
		if c.Error != "" {
			action += " (failed)"
		}
		fmt.Fprintf(&text, "  %s at %s by %s: %s\n", oneLine(action), stamp(c.Time), oneLine(c.Actor), oneLine(c.Reason))
	}
	if r.Method == "" {
		return text.String()
	}
	fmt.Fprintf(&text, "\n%s %s\nHost: %s\n%s\n", oneLine(r.Method), oneLine(r.URI), oneLine(r.Host), headerLines(r.Headers))
	switch {
	case r.BodyBase64 != "":
		fmt.Fprintf(&text, "in base64: %s\n", r.BodyBase64)
	case r.Body != "":
		fmt.Fprintf(&text, "%s\n", strings.TrimSuffix(printable(r.Body), "\n"))
	}
	if len(r.Trailers) > 0 {
		fmt.Fprintf(&text, "\nTrailers:\n%s", headerLines(r.Trailers))
	}
	return text.String()
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}

func headerLines(headers map[string][]string) string {
	lines := []string{}
	for name, values := range headers {
		for _, value := range values {
			lines = append(lines, oneLine(name+": "+value)+"\n")
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}
