package console

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hookward/hookward/internal/audit"
	engine "github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/strictjson"
	"github.com/hookward/hookward/internal/words"
)

const (
	stop = "stop"

	// actionHeader has the name of the action. No foreign page can send it without being asked first.
	actionHeader = "X-Hookward-Action"
	// maxAction bounds what is read of an action, in bytes, and maxIDs how many it may name.
	maxAction = 128 << 10
	maxIDs    = 1000
	maxText   = 250
	// usualRate is how fast is replayed where nothing says so: a click is to be no outage.
	usualRate = "10/s"
)

var actions = []string{store.Replay, store.Drop, stop}

// asked is what the body of an action says.
type asked struct {
	Gate    string       `json:"gate"`
	IDs     []string     `json:"ids"`    // either these
	Filter  *askedFilter `json:"filter"` // or those
	Preview bool         `json:"preview"`
	Most    *int         `json:"most"` // it is refused where more are meant
	Reason  string       `json:"reason"`
	Rate    string       `json:"rate"`
	Force   bool         `json:"force"`
	By      string       `json:"by"`    // who it is, where a token says the role alone
	Order   int64        `json:"order"` // to be stopped
}

type askedFilter struct {
	State  string    `json:"state"`
	Reason string    `json:"reason"`
	Event  string    `json:"event"`
	Router string    `json:"router"`
	Text   string    `json:"text"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
}

// serveAction does what an operator asks for, or says why not.
func serveAction(source *Source, c *call, action string) {
	if !isMethod(c, http.MethodPost) {
		return
	}
	record := &audit.ConsoleRecord{Action: action}
	why := foreign(c.r, action)
	if why != "" {
		refuse(source, c, record, http.StatusForbidden, why)
		return
	}
	if c.visitor.Role != policy.Operator {
		refuse(source, c, record, http.StatusForbidden, "that takes the role operator, and you are a "+c.visitor.Role)
		return
	}
	content, err := io.ReadAll(http.MaxBytesReader(c.rw, c.r.Body, maxAction))
	if err != nil {
		refuse(source, c, record, http.StatusRequestEntityTooLarge, "the body must be whole, and have at most "+strconv.Itoa(maxAction)+" bytes: name fewer ids, or a filter")
		return
	}
	a, why := readAction(content)
	if why == "" {
		why = checkAction(a, action, c.r)
	}
	if why != "" {
		refuse(source, c, record, http.StatusBadRequest, why)
		return
	}
	e := engineOf(source, a.Gate)
	if e == nil {
		refuse(source, c, record, http.StatusNotFound, "gate: there is none of this name that keeps deliveries here")
		return
	}
	record = &audit.ConsoleRecord{Action: action, Reason: a.Reason, Gate: a.Gate, Filter: filterText(a), Force: a.Force, Actor: actorOf(c.visitor, a)}
	if action == stop {
		stopOrder(source, c, a, e, record)
		return
	}
	giveOrder(source, c, a, e, record)
}

// foreign says why a request may be made by a page of somebody else's, or nothing. A browser
// names its origin with each POST; a request with a token needs no browser.
func foreign(r *http.Request, action string) string {
	if len(r.Header[actionHeader]) != 1 || r.Header[actionHeader][0] != action {
		return "the header " + actionHeader + " must be there once, and name the action"
	}
	if !showsToken(r) && len(r.Header["Origin"]) != 1 {
		return "there is no Origin, by which a browser says that it is this page that asks"
	}
	return ""
}

// readAction reads the body of an action, or says what is wrong with it.
func readAction(content []byte) (*asked, string) {
	_, problem := strictjson.Object(content)
	if problem != "" {
		return nil, "the body " + problem
	}
	a := &asked{}
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(a)
	if err != nil {
		return nil, "the body is not what is asked for: " + strings.TrimPrefix(err.Error(), "json: ")
	}
	return a, ""
}

// checkAction says what is wrong with what an action asks for, or nothing.
func checkAction(a *asked, action string, r *http.Request) string {
	if a.Gate == "" {
		return "gate: is required: the name of a middleware, as GET kept has it"
	}
	if hasControls(a.By) || len(a.By) > 100 || a.By != "" && !showsToken(r) {
		return "by: is a name of at most 100 bytes, for those who show a token alone"
	}
	if action == stop {
		if a.Order < 1 {
			return "order: is required: the number of the order that is to end"
		}
		return ""
	}
	if !a.Preview && !engine.FitsReason(a.Reason) {
		return "reason: is required: one line of at most 500 bytes, which is recorded with who did it"
	}
	if a.Reason != "" && !engine.FitsReason(a.Reason) {
		return "reason: must be one line of at most 500 bytes"
	}
	if action != store.Replay && (a.Rate != "" || a.Force) {
		return "rate and force are for replay"
	}
	_, ok := intervalOf(words.OrDefault(a.Rate, usualRate))
	if !ok {
		return "rate: must be a number and /s, /m or /h, such as 10/s, of at most 1000/s and at least one a day"
	}
	return checkMeant(a, action)
}

// checkMeant says what is wrong with how an action names deliveries.
func checkMeant(a *asked, action string) string {
	if (len(a.IDs) > 0) == (a.Filter != nil) {
		return "ids or filter: one of them says which deliveries are meant"
	}
	if len(a.IDs) > maxIDs {
		return "ids: are more than " + strconv.Itoa(maxIDs)
	}
	for _, id := range a.IDs {
		if id == "" || len(id) > maxText {
			return "ids: have each at least one byte, and at most " + strconv.Itoa(maxText)
		}
	}
	if a.Most != nil && *a.Most < 0 {
		return "most: is how many deliveries are meant at most"
	}
	f := a.Filter
	if f == nil {
		return ""
	}
	if !words.Contains(keptStates, f.State) {
		return "filter.state: is required: dead, waiting or delivered"
	}
	if f.State == store.Delivered && action == store.Replay && !a.Force {
		return "filter.state: what was delivered is replayed with force alone, and the backend has it twice then"
	}
	if f.State == store.Waiting && action == store.Replay {
		return "filter.state: only what is dead can be replayed; what waits is tried by itself"
	}
	return ""
}

func hasControls(text string) bool { return strings.IndexFunc(text, unicode.IsControl) >= 0 }

// intervalOf returns the time between two deliveries at a rate such as 50/s.
func intervalOf(rate string) (time.Duration, bool) {
	text, unit, _ := strings.Cut(rate, "/")
	period := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || period == 0 || !(n > 0) {
		return 0, false
	}
	interval := float64(period) / n
	return time.Duration(interval), interval >= float64(time.Millisecond) && interval <= float64(24*time.Hour)
}

// filterText returns which deliveries are meant, for the record.
func filterText(a *asked) string {
	var text []byte
	if a.Filter != nil {
		text, _ = json.Marshal(a.Filter)
	} else if len(a.IDs) > 0 {
		text, _ = json.Marshal(a.IDs)
	}
	return string(text)
}

func actorOf(v *visitor, a *asked) string {
	if a.By == "" {
		return v.Name
	}
	return v.Name + ": " + a.By
}

func filterOf(a *asked) *engine.Filter {
	if a.Filter == nil {
		return &engine.Filter{IDs: a.IDs}
	}
	f := a.Filter
	return &engine.Filter{State: f.State, Reason: f.Reason, Event: f.Event, Router: f.Router, Text: strings.ToLower(f.Text), Since: f.Since, Until: f.Until}
}
