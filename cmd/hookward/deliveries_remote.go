package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/hookward/hookward/cmd/hookward/internal/deliveries"
	"github.com/hookward/hookward/internal/store"
)

// checkRemote says what is wrong with options for a Traefik that runs.
func (o *deliveriesOptions) checkRemote() error {
	narrowed := o.state+o.event+o.since+o.until != ""
	switch {
	case o.directory != "":
		return errors.New("--url and --directory: are two ways to the same deliveries: give one")
	case o.token == "":
		return errors.New("--token: is required with --url: a token of console.operators, or of readers or viewers to look")
	case o.action == "export" || o.action == store.Adopt:
		return errors.New("--url: " + o.action + " needs --directory")
	case len(o.keys) > 0:
		return errors.New("--encryption-key: is for --directory; the gate has its own")
	case len(o.filter.IDs) > 0 && narrowed:
		return errors.New("--url: takes ids, or --state, --event, --since and --until, and not both")
	case o.action == "show" && len(o.filter.IDs) == 0:
		return errors.New("--url: show takes ids; list has them")
	}
	return nil
}

// runRemote does it through the console of a Traefik that runs.
func (o *deliveriesOptions) runRemote(s streams) (int, error) {
	token, err := readKey(o.token)
	if err != nil {
		return exitUsage, errors.New("--token: " + err.Error())
	}
	c, err := deliveries.NewConsole(o.url, string(token))
	if err != nil {
		return exitUsage, errors.New("--url: " + err.Error())
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	gate, err := o.remoteGate(ctx, c)
	if err != nil {
		return exitUsage, errors.New(oneLine(err.Error()))
	}
	status := exitGood
	switch o.action {
	case "list":
		status, err = o.listRemote(ctx, s, c, gate)
	case "show":
		status, err = o.showRemote(ctx, s, c, gate)
	default:
		status, err = o.changeRemote(ctx, s, c, gate)
	}
	if err != nil {
		return exitUsage, errors.New(oneLine(err.Error()))
	}
	return status, nil
}

// remoteGate returns the whole name of the middleware that is meant. To look, none need be.
func (o *deliveriesOptions) remoteGate(ctx context.Context, c *deliveries.Console) (string, error) {
	gates, err := c.Gates(ctx)
	if err != nil {
		return "", err
	}
	found := []string{}
	for _, name := range gates {
		bare, _, _ := strings.Cut(name, "@")
		if o.middleware == "" || o.middleware == name || o.middleware == bare {
			found = append(found, name)
		}
	}
	looks := o.action == "list" || o.action == "show"
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && o.middleware == "" && looks, o.middleware == "" && looks:
		return "", nil
	case len(found) == 0:
		return "", fmt.Errorf("--middleware: no gate of that name keeps deliveries there; those that do: %s", orDash(strings.Join(gates, ", ")))
	}
	return "", fmt.Errorf("--middleware: is required, as there are several: %s", strings.Join(found, ", "))
}

func (o *deliveriesOptions) listRemote(ctx context.Context, s streams, c *deliveries.Console, gate string) (int, error) {
	rows, err := c.List(ctx, gate, o.filter)
	if err != nil {
		return exitUsage, err
	}
	reports := []*keptReport{}
	for _, r := range rows {
		if len(o.filter.IDs) == 0 || isAmong(r.ID, o.filter.IDs) || isAmong(r.DeliveryID, o.filter.IDs) {
			reports = append(reports, remoteReport(r))
		}
	}
	status := exitGood
	if o.state == store.Dead && len(reports) > 0 {
		status = exitBroken
	}
	switch {
	case o.asJSON:
		err = printJSON(s.stdout, reports)
	case len(reports) == 0:
		_, err = io.WriteString(s.stdout, "none\n")
	default:
		_, err = io.WriteString(s.stdout, keptTable(reports, s.stdout))
	}
	return status, err
}

// remoteReport is reportOf for what the console has told.
func remoteReport(r deliveries.RemoteRow) *keptReport {
	short := func(text string) string {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return ""
		}
		return stamp(at)
	}
	return &keptReport{
		ID: r.ID, State: r.State, Reason: r.Reason, Middleware: r.Gate, Router: r.Router, Provider: r.Provider, Event: r.Event, DeliveryID: r.DeliveryID,
		Received: short(r.Received), Due: short(r.Due), Died: short(r.Died), Arrived: short(r.Arrived), Attempts: r.Attempts, Bytes: r.Bytes, Problem: r.Problem,
	}
}

func (o *deliveriesOptions) showRemote(ctx context.Context, s streams, c *deliveries.Console, gate string) (int, error) {
	status := exitGood
	reports := []*keptReport{}
	for _, id := range o.filter.IDs {
		w, err := c.Show(ctx, gate, id)
		if err != nil {
			return exitUsage, err
		}
		if w == nil {
			status = exitBroken
			fmt.Fprintln(s.stderr, oneLine(id), "is not stored there; here it is hookward's id that counts")
			continue
		}
		reports = append(reports, remoteWhole(w))
	}
	if o.asJSON {
		return status, printJSON(s.stdout, reports)
	}
	for i, r := range reports {
		if i > 0 {
			fmt.Fprintln(s.stdout)
		}
		_, err := io.WriteString(s.stdout, r.describe(s.stdout))
		if err != nil {
			return exitUsage, err
		}
	}
	return status, nil
}

func remoteWhole(w *deliveries.RemoteWhole) *keptReport {
	r := remoteReport(w.Delivery)
	r.wholeReport = &wholeReport{History: []attemptReport{}, Changes: []store.Action{}, Method: w.Delivery.Method, URI: w.Delivery.Path, Host: w.Host}
	for _, a := range w.Attempts {
		r.History = append(r.History, attemptReport{a.Number, a.Time, a.Status, a.Duration.Seconds(), a.Outcome})
		r.LastStatus = a.Status
	}
	for _, a := range w.Actions {
		at, _ := time.Parse(time.RFC3339, a.Time)
		r.Changes = append(r.Changes, store.Action{Time: at, ID: w.Delivery.ID, Action: a.Action, Actor: a.Actor, Reason: a.Reason, Error: a.Error})
	}
	r.Headers = map[string][]string{}
	for i := 0; i+1 < len(w.Headers); i += 2 {
		r.Headers[w.Headers[i]] = append(r.Headers[w.Headers[i]], w.Headers[i+1])
	}
	r.Body = w.Content["http.request.body.content"]
	if packed := w.Content["hookward.body.base64"]; packed != "" {
		_, err := base64.StdEncoding.DecodeString(packed)
		if err == nil {
			r.BodyBase64 = packed
		}
	}
	return r
}

// changeRemote has deliveries replayed or dropped, and waits until that is done. Who
// interrupts it stops it.
func (o *deliveriesOptions) changeRemote(ctx context.Context, s streams, c *deliveries.Console, gate string) (int, error) {
	order := deliveries.RemoteOrder{Gate: gate, IDs: o.filter.IDs, Preview: o.preview, Reason: o.reason, Rate: o.rate, Force: o.force, By: actor()}
	if len(order.IDs) == 0 {
		order.Filter = &deliveries.RemoteFilter{State: o.filter.State, Event: o.filter.Event, Since: timeText(o.filter.Since), Until: timeText(o.filter.Until)}
	}
	answer, err := c.Give(ctx, o.action, order)
	if err != nil {
		return exitUsage, err
	}
	report := &remoteChange{Action: o.action, Preview: o.preview, Matched: answer.Matched, Left: []leftDelivery{}}
	for _, left := range answer.Missing {
		report.Left = append(report.Left, leftDelivery{left.ID, left.Why})
	}
	if answer.Unknown > 0 {
		fmt.Fprintf(s.stderr, "hookward deliveries: %s can't be read, so whether they are meant is not known\n", counted(int64(answer.Unknown), "delivery file"))
	}
	if o.preview {
		return o.tellRemotePreview(s, answer, report)
	}
	stopped := ""
	lost := 0
	if answer.Order != nil {
		p, err := c.Follow(ctx, order, answer.Order)
		report.Done = p.Done
		stopped = p.Stopped
		lost = p.Left
		for _, left := range p.Reasons {
			report.Left = append(report.Left, leftDelivery{left.ID, left.Why})
		}
		if err != nil {
			return exitUsage, err
		}
	}
	status := exitGood
	if report.Done < report.Matched || len(report.Left)+lost > 0 || report.Matched == 0 {
		status = exitBroken
	}
	if o.asJSON {
		return status, printJSON(s.stdout, report)
	}
	for _, left := range report.Left {
		fmt.Fprintln(s.stderr, oneLine(left.ID), oneLine(left.Reason))
	}
	if lost > len(report.Left) {
		fmt.Fprintf(s.stderr, "and %d more\n", lost-len(report.Left))
	}
	if stopped != "" {
		fmt.Fprintln(s.stderr, "hookward deliveries: stopped by", oneLine(stopped))
	}
	_, err = fmt.Fprintf(s.stdout, "%d of %d\n", report.Done, report.Matched+len(answer.Missing))
	return status, err
}

// remoteChange is what --json says of a replay or a drop.
type remoteChange struct {
	Action  string         `json:"action"`
	Preview bool           `json:"preview"`
	Matched int            `json:"matched"`
	Done    int            `json:"done"`
	First   []*keptReport  `json:"first,omitempty"` // of a preview
	Left    []leftDelivery `json:"left"`            // as they were
}

func (o *deliveriesOptions) tellRemotePreview(s streams, answer *deliveries.RemoteAnswer, report *remoteChange) (int, error) {
	status := exitGood
	if answer.Matched == 0 || len(report.Left) > 0 {
		status = exitBroken
	}
	for _, r := range answer.First {
		report.First = append(report.First, remoteReport(r))
	}
	if o.asJSON {
		return status, printJSON(s.stdout, report)
	}
	for _, left := range report.Left {
		fmt.Fprintln(s.stderr, oneLine(left.ID), oneLine(left.Reason))
	}
	done := map[string]string{store.Replay: "would be tried again", store.Drop: "would be dropped"}[o.action]
	for _, r := range report.First {
		fmt.Fprintln(s.stdout, oneLine(r.ID), done)
	}
	if more := answer.Matched - len(report.First); more > 0 {
		fmt.Fprintf(s.stdout, "and %d more\n", more)
	}
	_, err := fmt.Fprintf(s.stdout, "%d of %d\n", answer.Matched, answer.Matched+len(report.Left))
	return status, err
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
