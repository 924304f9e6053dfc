package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/hookward/hookward/cmd/hookward/internal/deliveries"
	"github.com/hookward/hookward/internal/store"
)

// changeReport is what --json says of replay, drop and adopt.
type changeReport struct {
	Action  string         `json:"action"`
	Preview bool           `json:"preview"`
	Done    []string       `json:"done"` // ids; with preview, of those that would be
	Left    []leftDelivery `json:"left"` // as they were
}

type leftDelivery struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// change replays, drops or has adopted deliveries, and says whether it did so with all of them.
func (o *deliveriesOptions) change(s streams, found []*deliveries.Kept) (bool, error) {
	report := &changeReport{Action: o.action, Preview: o.preview, Done: []string{}, Left: []leftDelivery{}}
	holds, err := o.take(found)
	defer func() {
		for _, h := range holds {
			h.Release()
		}
	}()
	if err != nil {
		return false, err
	}
	claims := map[*store.Store]*deliveries.Claims{}
	due := time.Now()
	for _, k := range found {
		known, err := o.claimsFor(k, claims, s)
		if err == nil {
			err = o.changeOne(k, holds[k.Store], known, due)
		}
		if err != nil {
			report.Left = append(report.Left, leftDelivery{k.Entry.ID, oneLine(err.Error())})
			continue
		}
		due = due.Add(o.interval)
		report.Done = append(report.Done, k.Entry.ID)
	}
	return len(report.Left) == 0, o.tell(s, report)
}

// claimsFor returns the claims of the store in which a delivery is to wait, which are read once.
func (o *deliveriesOptions) claimsFor(k *deliveries.Kept, claims map[*store.Store]*deliveries.Claims, s streams) (*deliveries.Claims, error) {
	keeper := k.Store
	if o.heir != nil {
		keeper = o.heir.Store
	}
	if claims[keeper] != nil || o.action == store.Drop {
		return claims[keeper], nil
	}
	read, err := deliveries.ReadClaims(keeper, func(_, message string) {
		fmt.Fprintln(s.stderr, "hookward deliveries:", oneLine(message))
	})
	claims[keeper] = read
	return read, err
}

// changeOne changes a delivery, unless somebody was faster.
func (o *deliveriesOptions) changeOne(k *deliveries.Kept, hold *deliveries.Hold, claims *deliveries.Claims, due time.Time) error {
	if o.action == store.Replay {
		err := deliveries.CheckReplay(k, claims, o.force)
		if err != nil {
			return err
		}
	}
	if o.action == store.Adopt {
		err := deliveries.CheckAdopt(k, claims)
		if err != nil {
			return err
		}
	}
	if o.preview {
		return nil
	}
	_, problem := store.Head(k.Store, &k.Entry)
	if problem == store.Gone {
		return errors.New("has changed meanwhile")
	}
	c := store.Action{Action: o.action, Time: o.now.UTC(), Actor: actor(), Reason: o.reason}
	if o.heir != nil {
		return o.heir.TakeOver(hold, k, c)
	}
	return deliveries.Do(hold, k, c, due)
}

// take has the stores that are to be changed, or says why not.
func (o *deliveriesOptions) take(found []*deliveries.Kept) (map[*store.Store]*deliveries.Hold, error) {
	holds := map[*store.Store]*deliveries.Hold{}
	if o.preview {
		return holds, nil
	}
	stores := []*store.Store{}
	for _, k := range found {
		stores = append(stores, k.Store)
	}
	if o.heir != nil && len(found) > 0 {
		stores = append(stores, o.heir.Store)
	}
	for _, one := range stores {
		if holds[one] != nil {
			continue
		}
		h, err := deliveries.Take(one)
		if err == deliveries.ErrOwned {
			return holds, fmt.Errorf("a Traefik, or another hookward, works on the deliveries of %s: nothing is changed. Stop that Traefik, %s, and start it again%s; list, show, export and --preview may run meanwhile", oneLine(one.Middleware), o.action, withURL(o.action))
		}
		if err != nil {
			return holds, errors.New(oneLine(err.Error()))
		}
		holds[one] = h
	}
	if o.heir != nil {
		o.heir.Hold = holds[o.heir.Store]
	}
	return holds, nil
}

// withURL says how it is done without stopping Traefik, where there is a way.
func withURL(action string) string {
	if action == store.Adopt {
		return ""
	}
	return ", or give --url, and its console does it"
}

// tell prints what was done.
func (o *deliveriesOptions) tell(s streams, r *changeReport) error {
	if o.asJSON {
		return printJSON(s.stdout, r)
	}
	done := map[string]string{store.Replay: "is to be tried again", store.Drop: "is dropped", store.Adopt: "is adopted"}[r.Action]
	if r.Preview {
		done = map[string]string{store.Replay: "would be tried again", store.Drop: "would be dropped", store.Adopt: "would be adopted"}[r.Action]
	}
	for _, id := range r.Done {
		_, err := fmt.Fprintln(s.stdout, id, done)
		if err != nil {
			return err
		}
	}
	for _, left := range r.Left {
		fmt.Fprintln(s.stderr, left.ID, oneLine(left.Reason))
	}
	_, err := fmt.Fprintf(s.stdout, "%d of %d\n", len(r.Done), len(r.Done)+len(r.Left))
	return err
}
