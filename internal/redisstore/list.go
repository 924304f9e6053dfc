package redisstore

import (
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/lease"
	"github.com/hookward/hookward/internal/store"
)

// list lists a page at a time: what comes or goes meanwhile may be among it or not.
func list(c *Client, state string, mine bool, found func(e *store.Entry) bool) (int, error) {
	set := state
	if mine {
		set = "own:" + c.owner
	}
	foreign := 0
	seen := map[string]bool{}
	for cursor := ""; cursor != "0"; {
		if cursor == "" {
			cursor = "0"
		}
		answer, err := ask(c, listScript, c.owner, set, cursor, strconv.Itoa(pageSize))
		if err != nil {
			return foreign, err
		}
		if len(answer)%4 != 1 {
			return foreign, errAnswer
		}
		cursor = answer[0]
		now := time.Now().UnixMilli()
		for i := 1; i < len(answer); i += 4 {
			e := entryOf(answer[i], answer[i+1], answer[i+2], answer[i+3], now)
			if e == nil {
				foreign++
				continue
			}
			if seen[e.ID] || state != "" && e.State != state {
				continue
			}
			seen[e.ID] = true
			if !found(e) {
				return foreign, nil
			}
		}
	}
	return foreign, nil
}

// entryOf reads what the server says of a delivery. One that another owner may be trying
// still is not due before that is over.
func entryOf(name, size, wait, seen string, now int64) *store.Entry {
	e := store.EntryOf(name)
	numbers := numbersOf([]string{size, wait, seen})
	if e == nil || numbers == nil {
		return nil
	}
	e.Size = numbers[0]
	if numbers[1] > 0 && e.When < now+numbers[1] {
		e.When = now + numbers[1]
	}
	e.Seen = numbers[2]
	return e
}

func find(c *Client, id string) *store.Entry {
	answer, err := ask(c, findScript, id)
	if err != nil || len(answer) != 2 {
		return nil
	}
	return entryOf(answer[0], answer[1], "0", "0", 0)
}

func fetch(c *Client, claims []string) []*store.Entry {
	entries := []*store.Entry{}
	for len(claims) > 0 {
		n := len(claims)
		if n > pageSize {
			n = pageSize
		}
		args := []string{c.owner}
		for _, claim := range claims[:n] {
			args = append(args, lease.KeyOf(c.tag, claim))
		}
		claims = claims[n:]
		answer, err := ask(c, fetchScript, args...)
		if err != nil {
			return entries
		}
		for i := 0; i+1 < len(answer); i += 2 {
			e := entryOf(answer[i], answer[i+1], "0", "0", 0)
			if e != nil {
				entries = append(entries, e)
			}
		}
	}
	return entries
}

func taken(c *Client, id string) (bool, error) {
	answer, err := ask(c, takenScript, id, c.owner)
	if err == nil && len(answer) != 1 {
		err = errAnswer
	}
	return err == nil && answer[0] == "1", err
}

// linesOf returns all lines of a list.
func linesOf(c *Client, name string) []string {
	lines := []string{}
	for {
		page, err := ask(c, linesScript, name, strconv.Itoa(len(lines)), strconv.Itoa(len(lines)+maxLines-1))
		if err != nil || len(page) == 0 {
			return lines
		}
		lines = append(lines, page...)
	}
}

func eachAttempt(c *Client, found func(line string)) {
	lines := linesOf(c, "attempts") // the newest stands first
	for i := len(lines) - 1; i >= 0; i-- {
		found(lines[i])
	}
}

func noteAction(c *Client, line string) error {
	return done(c, actionScript, c.owner, line, strconv.Itoa(maxChanges))
}

func newActions(c *Client) []string {
	lines, err := ask(c, linesScript, "actions:"+c.owner, "0", strconv.Itoa(maxLines-1))
	if err != nil {
		return nil
	}
	c.mu.Lock()
	c.actions = lines
	c.mu.Unlock()
	return lines
}

func told(c *Client, n int64) {
	c.mu.Lock()
	lines := c.actions
	c.actions = nil
	c.mu.Unlock()
	if int64(len(lines)) < n {
		return
	}
	_, _ = ask(c, toldScript, append([]string{c.owner}, lines[:n]...)...) // or they are told again
}
