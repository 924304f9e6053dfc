package console

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// turn is how often a viewer is told what is new.
	turn = 250 * time.Millisecond
	// maxTurn bounds what is told in one turn; what is beyond it is told as a number.
	maxTurn = 200
	// maxStreams bounds the streams of the process, those included that nobody reads.
	maxStreams = 256
	streamTime = time.Hour
	heartbeat  = 15 * time.Second
)

var (
	// maxViewers bounds the viewers of the process, and maxOwn those who have shown the
	// same token, or are the same user.
	maxViewers = 32
	maxOwn     = 8
	// patience is how long a viewer may leave unread what he was sent, before another one
	// may have his place.
	patience = 30 * time.Second
)

// The places of viewers. A write to who does not read waits until his connection ends, and
// nothing can end it: Traefik lets no plugin set a deadline.
var (
	placesMu sync.Mutex
	places   = map[int64]viewing{}
	placed   int64
	streams  int32 // all, those included that have lost their place; atomic
)

// viewing is who has a place.
type viewing struct {
	who   string
	since time.Time // when the write began that waits; zero if none does
}

// takePlace returns the place of a viewer, or 0 where there is none for him.
func takePlace(who string, now time.Time) int64 {
	placesMu.Lock()
	defer placesMu.Unlock()
	if len(places) >= maxViewers || placesOf(who) >= maxOwn {
		for place, v := range places {
			if !v.since.IsZero() && now.Sub(v.since) > patience {
				delete(places, place)
			}
		}
	}
	if len(places) >= maxViewers || placesOf(who) >= maxOwn || atomic.LoadInt32(&streams) > maxStreams {
		return 0
	}
	placed++
	places[placed] = viewing{who: who}
	return placed
}

// placesOf returns how many places somebody has, with the lock held.
func placesOf(who string) int {
	n := 0
	for _, v := range places {
		if v.who == who {
			n++
		}
	}
	return n
}

// notePlace notes since when a write of a viewer's waits. It returns false where he has lost
// his place.
func notePlace(place int64, since time.Time) bool {
	placesMu.Lock()
	defer placesMu.Unlock()
	v, there := places[place]
	if there {
		places[place] = viewing{who: v.who, since: since}
	}
	return there
}

func leavePlace(place int64) {
	placesMu.Lock()
	delete(places, place)
	placesMu.Unlock()
}

// serveStream tells a viewer of deliveries as they come, by server-sent events, until he
// leaves. He reads from the ring, so that nobody waits for him; what he was too slow for
// he is told the number of.
func serveStream(middleware string, c *call) {
	rw := c.rw
	atomic.AddInt32(&streams, 1)
	defer atomic.AddInt32(&streams, -1)
	place := takePlace(whoIs(c.console, c.r, c.now), c.now)
	defer leavePlace(place)
	if place == 0 {
		rw.Header()["Retry-After"] = []string{"30"}
		answerStatus(rw, http.StatusServiceUnavailable)
		return
	}
	rw.Header()["Content-Type"] = []string{"text/event-stream; charset=utf-8"}
	rw.Header()["X-Accel-Buffering"] = []string{"no"}
	last := firstNumber(c)
	_, lastChange := changesAfter(1 << 62)
	// With an id, so that a stream which breaks before anything has come goes on from here.
	start := "retry: 2000\nevent: start\nid: " + idOf(last) + "\ndata: \n\n"
	begun := time.Now()
	told := begun
	if !send(rw, place, start) {
		return
	}
	for c.r.Context().Err() == nil {
		now := time.Now()
		s := newestOf(middleware, now)
		if now.Sub(begun) > streamTime || s == nil || visitorOf(s, c.r, now) == nil {
			return
		}
		found, missed, newest := after(last, maxTurn)
		text := eventsOf(found, missed, newest, c.query)
		last = newest
		changes, newestChange := changesAfter(lastChange)
		text += changeEvents(changes, c.query)
		lastChange = newestChange
		if text == "" && now.Sub(told) >= heartbeat {
			text = ": \n\n"
		}
		if text != "" {
			if !send(rw, place, text) {
				return
			}
			told = now
		}
		time.Sleep(turn)
	}
}

// firstNumber returns after which delivery a stream begins: where the viewer was, or now.
// Who was there before this process began has missed all of it.
func firstNumber(c *call) int64 {
	_, _, newest := after(1<<62, 0)
	seen := c.r.Header.Get("Last-Event-ID") // newer than the address, which is that of the first call
	if seen == "" {
		seen = c.query.since
	}
	was, text, ok := strings.Cut(seen, "-")
	if !ok {
		return newest
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if was != instance || err != nil || number < 0 || number > newest {
		return 0
	}
	return number
}

func idOf(number int64) string { return instance + "-" + strconv.FormatInt(number, 10) }

// eventsOf returns the events for what is new: one for each delivery that is asked for,
// and one for those that were missed.
func eventsOf(found []delivery, missed, newest int64, q *query) string {
	text := ""
	if missed > 0 {
		text = "event: gap\ndata: " + strconv.FormatInt(missed, 10) + "\n\n"
	}
	changed := map[string]*change{}
	if len(found) > 0 {
		changed = latest()
	}
	for i := range found {
		r := askedRow(&found[i], changed, q)
		if r == nil {
			continue
		}
		line, err := json.Marshal(r)
		if err == nil {
			text += "id: " + idOf(r.Number) + "\ndata: " + string(line) + "\n\n"
		}
	}
	return text
}

// send sends a text at once, and says whether the viewer has taken it, in his place.
func send(rw http.ResponseWriter, place int64, text string) bool {
	if !notePlace(place, time.Now()) {
		return false
	}
	_, err := rw.Write([]byte(text))
	if err != nil || http.NewResponseController(rw).Flush() != nil {
		return false
	}
	return notePlace(place, time.Time{})
}
