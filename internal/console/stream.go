package console

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/policy"
)

const (
	// turn is how often a viewer is told what is new.
	turn = 250 * time.Millisecond
	// maxTurn bounds what is told in one turn; what is beyond it is told as a number.
	maxTurn = 200
	// maxViewers bounds the streams of the process.
	maxViewers = 32
	maxStream  = time.Hour
	heartbeat  = 15 * time.Second
)

var viewers int32 // atomic

// patience is how long a viewer may leave unread what he was sent. Without an end to it he
// would keep his place for as long as his connection lasts.
var patience = 30 * time.Second

// serveStream tells a viewer of deliveries as they come, by server-sent events, until he
// leaves. He reads from the ring, so that nobody waits for him; what he was too slow for
// he is told the number of.
func serveStream(s *policy.Console, rw http.ResponseWriter, r *http.Request, q *query) {
	defer atomic.AddInt32(&viewers, -1)
	if atomic.AddInt32(&viewers, 1) > maxViewers {
		rw.Header()["Retry-After"] = []string{"30"}
		answerStatus(rw, http.StatusServiceUnavailable)
		return
	}
	rw.Header()["Content-Type"] = []string{"text/event-stream; charset=utf-8"}
	rw.Header()["X-Accel-Buffering"] = []string{"no"}
	last := firstNumber(r)
	begun := time.Now()
	told := begun
	defer http.NewResponseController(rw).SetWriteDeadline(time.Time{}) // as it was, for the next request
	if !send(rw, "retry: 2000\n\n") {
		return
	}
	for r.Context().Err() == nil {
		now := time.Now()
		if now.Sub(begun) > maxStream || visitorOf(s, r, now) == nil {
			return
		}
		found, missed, newest := after(last, maxTurn)
		text := eventsOf(found, missed, newest, q)
		last = newest
		if text == "" && now.Sub(told) >= heartbeat {
			text = ": \n\n"
		}
		if text != "" {
			if !send(rw, text) {
				return
			}
			told = now
		}
		time.Sleep(turn)
	}
}

// firstNumber returns after which delivery a stream begins: where the viewer was, or now.
// Who was there before this process began has missed all of it.
func firstNumber(r *http.Request) int64 {
	_, _, newest := after(1<<62, 0)
	was, text, ok := strings.Cut(r.Header.Get("Last-Event-ID"), "-")
	if !ok {
		return newest
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if was != instance || err != nil || number < 0 || number > newest {
		return 0
	}
	return number
}

// eventsOf returns the events for what is new: one for each delivery that is asked for,
// and one for those that were missed.
func eventsOf(found []delivery, missed, newest int64, q *query) string {
	text := ""
	if missed > 0 {
		text = "event: gap\ndata: " + strconv.FormatInt(missed, 10) + "\n\n"
	}
	for i := range found {
		r := rowOf(&found[i])
		if r == nil || !fits(q, r) {
			continue
		}
		line, err := json.Marshal(r)
		if err == nil {
			text += "id: " + instance + "-" + strconv.FormatInt(r.Number, 10) + "\ndata: " + string(line) + "\n\n"
		}
	}
	return text
}

// send sends a text at once, and says whether the viewer has taken it.
func send(rw http.ResponseWriter, text string) bool {
	controller := http.NewResponseController(rw)
	_ = controller.SetWriteDeadline(time.Now().Add(patience))
	_, err := rw.Write([]byte(text))
	return err == nil && controller.Flush() == nil
}
