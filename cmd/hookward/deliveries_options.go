package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/hookward/hookward/cmd/hookward/internal/deliveries"
	"github.com/hookward/hookward/internal/store"
)

// read checks the options, and returns the keys.
func (o *deliveriesOptions) read(arguments []string) ([]*store.Key, error) {
	if len(arguments) == 0 || !isAmong(arguments[0], deliveriesActions) {
		return nil, errors.New("name an action: " + strings.Join(deliveriesActions, ", "))
	}
	o.action = arguments[0]
	o.filter = deliveries.Filter{IDs: arguments[1:], State: o.state, Event: o.event}
	adopts := o.action == store.Adopt
	changes := o.action == store.Replay || o.action == store.Drop || adopts
	switch {
	case o.url == "" && o.token != "":
		return nil, errors.New("--token: is for --url")
	case o.directory == "" && o.url == "" && !o.redis.isSet():
		return nil, errors.New("--directory: is required: what the gates' stateDirectory names; or --redis, for a store that Traefiks share; or --url, the console of a Traefik that runs")
	case o.url != "" && o.redis.isSet():
		return nil, errors.New("--url and --redis: are two ways to the same deliveries: give one")
	case o.directory != "" && o.redis.isSet():
		return nil, errors.New("--directory and --redis: deliveries are in one of them; name that one")
	case o.state != "" && !isAmong(o.state, []string{store.Waiting, store.Dead, store.Delivered}):
		return nil, fmt.Errorf("--state: must be waiting, dead or delivered, not %q", o.state)
	case !changes && (o.reason != "" || o.preview):
		return nil, errors.New("--reason and --preview are for replay, drop and adopt")
	case !adopts && o.to+o.router != "":
		return nil, errors.New("--to and --router are for adopt")
	case adopts && (o.middleware == "" || o.to == ""):
		return nil, errors.New("--middleware and --to: are required: whose deliveries they are, and whose they are to be")
	case o.action != "replay" && (o.rate != "" || o.force):
		return nil, errors.New("--rate and --force are for replay")
	case changes && !o.preview && strings.TrimSpace(o.reason) == "":
		return nil, errors.New("--reason: is required: it is kept beside the deliveries, with who did it")
	case len(o.reason) > 500 || hasControl(o.reason, ""):
		return nil, errors.New("--reason: must be one line of at most 500 bytes, in UTF-8")
	case o.action == "replay" && o.state == store.Waiting:
		return nil, errors.New("--state: only what is dead can be replayed; what waits is tried by itself")
	case o.action == "replay" && o.state == store.Delivered && !o.force:
		return nil, errors.New("--state: what was delivered is replayed with --force alone, and the backend has it twice then")
	case o.action != "list" && len(arguments) == 1 && !o.isFiltered():
		return nil, errors.New("name the ids, or say with --state, --middleware, --event, --since or --until which are meant")
	}
	if o.url != "" {
		err := o.checkRemote()
		if err != nil {
			return nil, err
		}
	}
	if changes && !adopts && len(o.filter.IDs) == 0 && o.state == "" {
		o.filter.State = store.Dead
	}
	var err error
	if o.filter.Since, err = timeOf("--since", o.since, o.now); err != nil {
		return nil, err
	}
	if o.filter.Until, err = timeOf("--until", o.until, o.now); err != nil {
		return nil, err
	}
	if o.interval, err = intervalOf(o.rate); err != nil {
		return nil, err
	}
	return storeKeys(o.keys)
}

func (o *deliveriesOptions) isFiltered() bool {
	return o.state+o.middleware+o.event+o.since+o.until != ""
}

func isAmong(text string, all []string) bool {
	for _, one := range all {
		if one == text {
			return true
		}
	}
	return false
}

// timeOf reads a time, or how long ago it was.
func timeOf(option, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	ago, err := time.ParseDuration(text)
	if err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, errors.New(option + ": must be a time such as 2026-11-30T12:00:00Z, or how long ago, such as 90m or 12h")
	}
	return at, nil
}

// storeKeys reads the keys that deliveries are encrypted with.
func storeKeys(references []string) ([]*store.Key, error) {
	keys := []*store.Key{}
	for _, reference := range references {
		text, err := readKey(reference)
		if err != nil {
			return nil, errors.New("--encryption-key: " + err.Error())
		}
		secret, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(string(text), "="))
		if err != nil {
			return nil, errors.New("--encryption-key: must be 32 bytes in base64, as store.encryptionKeys has it")
		}
		key, err := store.NewKey(secret)
		if err != nil {
			return nil, errors.New("--encryption-key: must be 32 bytes in base64, as store.encryptionKeys has it")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// actor returns who runs the command: behind sudo, who has called that.
func actor() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	one, err := user.Current()
	if err != nil {
		return fmt.Sprint("user ", os.Getuid())
	}
	return one.Username
}
