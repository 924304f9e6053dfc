package deliveries

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Console is the console of a Traefik that runs, which works on the deliveries by itself.
type Console struct {
	address string
	token   string
	client  *http.Client
}

const (
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 64 << 20
	// askTime bounds how long an answer may take: a filter may have a gate read many files.
	askTime = 2 * time.Minute
	// lookAgain is how often a running order is looked at.
	lookAgain = 300 * time.Millisecond
)

// NewConsole returns the console at an address, such as https://console.example.com/hookward.
func NewConsole(address, token string) (*Console, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("must be the console's address, such as https://console.example.com/hookward")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && !(ip != nil && ip.IsLoopback()) {
		return nil, errors.New("must be https: over http the token could be read on its way; only this machine may be called by http")
	}
	path := strings.TrimRight(u.Path, "/")
	if path == "" {
		path = "/hookward"
	}
	client := &http.Client{Timeout: askTime, CheckRedirect: func(_ *http.Request, _ []*http.Request) error { return http.ErrUseLastResponse }}
	return &Console{address: u.Scheme + "://" + u.Host + path + "/api/", token: token, client: client}, nil
}

// ask asks the console, and fills the answer in.
func (c *Console) ask(ctx context.Context, method, name string, body []byte, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, c.address+name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Hookward-Action", name)
	}
	response, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(refusalOf(response.StatusCode, string(text)))
	}
	if json.Unmarshal(text, answer) != nil {
		return errors.New("what answers is no console of hookward")
	}
	return nil
}

// refusalOf says for people what a status means.
func refusalOf(status int, text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 500 {
		text = text[:500] + "..."
	}
	switch {
	case status == http.StatusUnauthorized:
		return "401: the console does not know this token"
	case status == http.StatusMisdirectedRequest:
		return "421: the console is not called by this name: console.hosts has to have it"
	case status == http.StatusTooManyRequests:
		return "429: too many wrong tokens came from this address: wait a minute"
	case status/100 == 3:
		return fmt.Sprintf("%d: the address leads elsewhere, and the token is not shown there", status)
	}
	return fmt.Sprintf("%d: %s", status, text)
}

// RemoteRow is a stored delivery as the console lists it.
type RemoteRow struct {
	ID, Gate, State, Reason, Router, Provider, Event, DeliveryID, Method, Path string
	Received, Due, Died, Arrived, Problem                                      string
	Attempts                                                                   int
	Bytes                                                                      int64
}

// RemoteWhole is all that the console shows of one.
type RemoteWhole struct {
	Role     string
	Delivery RemoteRow
	Host     string
	Attempts []struct {
		Number, Status int
		Time, Outcome  string
		Duration       time.Duration
	}
	Actions []struct{ Time, Action, Actor, Reason, Error string }
	Headers []string
	Content map[string]string
}

// Gates returns the names of the gates that keep deliveries.
func (c *Console) Gates(ctx context.Context) ([]string, error) {
	answer := struct{ Gates []string }{}
	err := c.ask(ctx, http.MethodGet, "kept?limit=1", nil, &answer)
	return answer.Gates, err
}

// List returns the deliveries of a gate, or of all, that a filter leaves.
func (c *Console) List(ctx context.Context, gate string, f Filter) ([]RemoteRow, error) {
	query := url.Values{"limit": {"1000"}}
	for name, value := range map[string]string{"gate": gate, "state": f.State, "event": f.Event} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"from": f.Since, "to": f.Until} {
		if !at.IsZero() {
			query.Set(name, at.UTC().Format(time.RFC3339))
		}
	}
	rows := []RemoteRow{}
	for {
		answer := struct {
			Deliveries []RemoteRow
			After      string
		}{}
		err := c.ask(ctx, http.MethodGet, "kept?"+query.Encode(), nil, &answer)
		if err != nil {
			return nil, err
		}
		rows = append(rows, answer.Deliveries...)
		if answer.After == "" {
			return rows, nil
		}
		query.Set("after", answer.After)
	}
}

// Show returns all that may be seen of a delivery; nil where there is none. The payload is
// left out where the token, or the console, does not allow it.
func (c *Console) Show(ctx context.Context, gate, id string) (*RemoteWhole, error) {
	path := "kept/" + url.PathEscape(id) + "?"
	if gate != "" {
		path += "gate=" + url.QueryEscape(gate)
	}
	whole := &RemoteWhole{}
	err := c.ask(ctx, http.MethodGet, path, nil, whole)
	if err != nil && strings.HasPrefix(err.Error(), "404") {
		return nil, nil
	}
	if err == nil && whole.Role != "viewer" {
		err = c.ask(ctx, http.MethodGet, path+"&payload=1", nil, whole)
	}
	return whole, err
}

// RemoteOrder is what the console is asked to do.
type RemoteOrder struct {
	Gate    string        `json:"gate"`
	IDs     []string      `json:"ids,omitempty"`
	Filter  *RemoteFilter `json:"filter,omitempty"`
	Preview bool          `json:"preview,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Rate    string        `json:"rate,omitempty"`
	Force   bool          `json:"force,omitempty"`
	By      string        `json:"by,omitempty"`
	Order   int64         `json:"order,omitempty"`
}

// RemoteFilter says which deliveries are meant.
type RemoteFilter struct {
	State string `json:"state"`
	Event string `json:"event,omitempty"`
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`
}

// RemoteLeft is a delivery that was left as it was.
type RemoteLeft struct{ ID, Why string }

// RemoteProgress is how an order goes on.
type RemoteProgress struct {
	Number            int64
	Total, Done, Left int
	Reasons           []RemoteLeft
	Began, Ended      string
	Stopped           string
}

// RemoteAnswer is what the console says to an order.
type RemoteAnswer struct {
	Matched int
	First   []RemoteRow
	Missing []RemoteLeft
	Unknown int
	Order   *RemoteProgress
}

// Give gives an order: to replay, to drop, or to stop one of these.
func (c *Console) Give(ctx context.Context, action string, o RemoteOrder) (*RemoteAnswer, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	answer := &RemoteAnswer{}
	return answer, c.ask(ctx, http.MethodPost, action, body, answer)
}

// errRestarted says that the order ended with its process.
var errRestarted = errors.New("the gate has begun anew meanwhile: what was not done by then is as it was")

// Follow waits for the end of an order, which is stopped when the context ends, in the name of
// who has given it.
func (c *Console) Follow(ctx context.Context, o RemoteOrder, p *RemoteProgress) (*RemoteProgress, error) {
	for p.Ended == "" {
		if ctx.Err() != nil {
			_, err := c.Give(context.Background(), "stop", RemoteOrder{Gate: o.Gate, Order: p.Number, By: o.By})
			if err != nil && !strings.HasPrefix(err.Error(), "409") { // it has ended by itself
				return p, err
			}
		}
		time.Sleep(lookAgain)
		answer := struct{ Orders []*RemoteProgress }{}
		err := c.ask(context.Background(), http.MethodGet, "orders?gate="+url.QueryEscape(o.Gate), nil, &answer)
		if err != nil {
			return p, err
		}
		found := false
		for _, one := range answer.Orders {
			if one.Number == p.Number && one.Began == p.Began {
				p = one
				found = true
			}
		}
		if !found {
			return p, errRestarted
		}
	}
	return p, nil
}
