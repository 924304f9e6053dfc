package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/hookward/hookward/cmd/hookward/internal/deliveries"
	"github.com/hookward/hookward/internal/store"
)

const deliveriesHelp = `Shows the deliveries that gates with the option delivery have stored, and has dead ones
tried again. The actions:

  list     one line for each; nothing of what is in them
  show     all that is known of some, with their attempts, headers and bodies
  replay   have dead ones tried again, from the start of the schedule, with their ids; with
           --force also what was delivered and is kept (store.keepDelivered)
  drop     remove some for good
  adopt    give those of --middleware to the one that --to names, which has another
           name now, or have them go through another router
  export   print some whole, as one line of JSON each

An ID is hookward's (X-Hookward-Id) or the sender's own. Without one, the options say
which are meant; replay and drop then take the dead alone, unless --state says otherwise.

With --url, the Traefik that runs does it: the address is that of a console, and --token one
of its tokens, of operators to replay and drop. Replays go at 10/s unless --rate says
otherwise; Ctrl-C stops them. export and adopt need --directory
or --redis.

list, show and export may run at any time. On disk, replay, drop and adopt need the Traefik
stopped that works on the store, and refuse otherwise. Run them as Traefik's user.
What is done, by whom and why is kept beside the deliveries, in the file changes.

The exit status is 0 if all is well, 1 if list --state dead finds any, if nothing is found
to show or to change, or if a delivery was left as it is, and 2 if nothing could be done.

Deliveries that several Traefiks share are in Redis: name it with --redis in the place of
--directory. There, replay and drop may run while Traefiks do; adopt needs those stopped
whose middleware is to lose them.

  hookward deliveries list --directory /var/lib/hookward --state dead
  hookward deliveries replay --url https://console.example.com/hookward --token env:TOKEN \
      --middleware github-hooks --state dead --reason "the database is back" --preview
  hookward deliveries show --directory /var/lib/hookward 019ad2c4f0e8a1b2c3d410000001
  hookward deliveries replay --directory /var/lib/hookward --middleware github-hooks \
      --since 12h --rate 10/s --reason "the database is back" --preview
`

// deliveriesOptions are what the command line says.
type deliveriesOptions struct {
	directory, state, middleware, event string
	since, until, reason, rate          string
	to, router                          string
	url, token                          string
	keys                                texts
	redis                               redisFlags
	preview, force, asJSON              bool

	action   string
	filter   deliveries.Filter
	interval time.Duration
	heir     *deliveries.Heir // of adopt
	now      time.Time
}

// deliveriesActions are what can be done.
var deliveriesActions = []string{"list", "show", "replay", "drop", "export", "adopt"}

func deliveriesCommand() command {
	c := command{name: "deliveries", arguments: "ACTION [ID...]", summary: "list, show, replay, drop, export and adopt what gates have stored", text: deliveriesHelp}
	c.define = func(flags *flag.FlagSet) func(arguments []string, s streams) int {
		o := &deliveriesOptions{now: time.Now()}
		flags.StringVar(&o.directory, "directory", "", "the `DIRECTORY` that the gates' stateDirectory names")
		o.redis.define(flags)
		flags.StringVar(&o.url, "url", "", "the `URL` of the console of a Traefik that runs, in place of --directory")
		flags.StringVar(&o.token, "token", "", "a token of that console: `env:NAME` or file:/path")
		flags.StringVar(&o.state, "state", "", "only those in this `STATE`: waiting, dead or delivered")
		flags.StringVar(&o.middleware, "middleware", "", "only those of the middleware of this `NAME`, with @file or the like, or\nwithout")
		flags.StringVar(&o.event, "event", "", "only those of this `TYPE` of event")
		flags.StringVar(&o.since, "since", "", "only those received at this `TIME` or later, such as 2026-11-30T12:00:00Z,\nor as long ago as 90m or 12h at most")
		flags.StringVar(&o.until, "until", "", "only those received before this `TIME`")
		flags.StringVar(&o.reason, "reason", "", "why, in a `TEXT` that is kept; replay, drop and adopt require it")
		flags.StringVar(&o.rate, "rate", "", "replay at this `RATE`, such as 50/s, 300/m or 10/h (default all at once; with\n--url 10/s)")
		flags.StringVar(&o.to, "to", "", "the `NAME` of the middleware that adopts, with @file or the like")
		flags.StringVar(&o.router, "router", "", "adopt: the `NAME` of the router that they are to go through, with @file or the\nlike (default the one that they came by)")
		flags.Var(&o.keys, "encryption-key", "a key of store.encryptionKeys: `env:NAME` or file:/path; several times")
		flags.BoolVar(&o.preview, "preview", false, "say what replay, drop or adopt would do, and do nothing")
		flags.BoolVar(&o.force, "force", false, "replay what has been delivered, too")
		flags.BoolVar(&o.asJSON, "json", false, "print JSON")
		return func(arguments []string, s streams) int {
			status, err := o.run(arguments, s)
			if err != nil {
				return c.fail(s, err.Error())
			}
			return status
		}
	}
	return c
}

func (o *deliveriesOptions) run(arguments []string, s streams) (int, error) {
	keys, err := o.read(arguments)
	if err != nil {
		return exitUsage, err
	}
	if o.url != "" {
		return o.runRemote(s)
	}
	stores, err := o.stores(keys)
	if err != nil {
		return exitUsage, err
	}
	if len(stores) == 0 && o.middleware != "" {
		return exitUsage, fmt.Errorf("--middleware: nothing of %q is stored in %s; 'hookward deliveries list' shows what is", o.middleware, o.place())
	}
	if o.action == store.Adopt {
		err = o.findHeir(stores, keys)
		if err != nil {
			return exitUsage, err
		}
	}
	found, unknown, err := deliveries.Find(stores, o.filter)
	if err != nil {
		return exitUsage, errors.New(oneLine(err.Error()))
	}
	missing := o.missing(found)
	if unknown > 0 && (len(o.filter.IDs) == 0 || len(missing) > 0) {
		fmt.Fprintf(s.stderr, "hookward deliveries: %s can't be read, so whether they are meant is not known: 'list' without --event, --since and --until shows why\n", counted(int64(unknown), "delivery file"))
	}
	status := exitGood
	if o.action != "list" && len(missing) > 0 {
		status = exitBroken
		tellMissing(s, stores, missing)
	}
	switch o.action {
	case "list":
		err = o.list(s, found)
		if o.state == store.Dead && len(found) > 0 {
			status = exitBroken
		}
	case "show", "export":
		var whole bool
		whole, err = o.showAll(s, found)
		if !whole || len(found) == 0 {
			status = exitBroken
		}
	default:
		var done bool
		done, err = o.change(s, found)
		if !done || len(found) == 0 {
			status = exitBroken
		}
	}
	if err != nil {
		return exitUsage, err
	}
	return status, nil
}

// findHeir finds who adopts deliveries of the one store that there must be.
func (o *deliveriesOptions) findHeir(stores []*store.Store, keys []*store.Key) error {
	if len(stores) > 1 {
		return fmt.Errorf("--middleware: there are %s and %s; name one with its provider", oneLine(stores[0].Middleware), oneLine(stores[1].Middleware))
	}
	if len(stores) == 1 && stores[0].Middleware == o.to && o.router == "" {
		return errors.New("--to: is whose they are already; --router has them go through another router")
	}
	if o.redis.isSet() {
		return o.findSharedHeir(stores, keys)
	}
	o.heir = deliveries.NewHeir(o.directory, o.to, o.router, keys)
	if o.heir == nil {
		return fmt.Errorf("--to: %s has no store of %q; start Traefik once with that middleware and its option delivery, and stop it again", o.directory, o.to)
	}
	if len(stores) == 1 && stores[0].Directory == o.heir.Store.Directory {
		o.heir.Store = stores[0]
	}
	return nil
}

// missing returns the ids that are named and not found.
func (o *deliveriesOptions) missing(found []*deliveries.Kept) []string {
	missing := []string{}
	for _, id := range o.filter.IDs {
		there := false
		for _, k := range found {
			there = there || k.Entry.ID == id || k.Delivery != nil && k.Delivery.DeliveryID == id
		}
		if !there {
			missing = append(missing, id)
		}
	}
	return missing
}

// tellMissing says what is known of deliveries that are not found.
func tellMissing(s streams, stores []*store.Store, missing []string) {
	for _, id := range missing {
		where := deliveries.Whereabouts(stores, id)
		if where == "" {
			where = "is not in this directory, or not among those that the options leave"
		}
		if len(stores) > 0 && store.IsShared(stores[0]) {
			where = strings.Replace(where, "in this directory", "in redis", 1)
		}
		fmt.Fprintf(s.stderr, "%s %s\n", oneLine(id), oneLine(where))
	}
}
