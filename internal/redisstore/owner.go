package redisstore

import (
	"fmt"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/store"
)

// fullAt is from which part of its limits on a store is said to be nearly full, in percent.
const (
	fullAt       = 80
	fullInterval = 30 * time.Second
)

// own says that the owner is there, and takes over what others have left.
func own(c *Client) bool {
	now := time.Now()
	if c.options.Operator {
		return mayStore(c) == nil
	}
	look(c, now)
	c.mu.Lock()
	refused := c.refused
	silence := ""
	if !c.well.IsZero() && now.Sub(c.well) >= Life {
		silence = strconv.FormatInt(Life.Milliseconds(), 10)
	}
	name := !c.named
	c.mu.Unlock()
	if refused != "" {
		return false
	}
	for turn := 0; turn < maxTurns; turn++ {
		answer, err := ask(c, ownScript, c.owner, silence, strconv.Itoa(atOnce))
		numbers := numbersOf(answer)
		if err != nil || len(numbers) != 7 {
			c.mu.Lock()
			c.well = time.Time{}
			c.looked = time.Time{} // it may be another server that answers next
			c.mu.Unlock()
			return false
		}
		take(c, numbers, now)
		if numbers[0] < atOnce {
			break
		}
	}
	if name {
		_, err := resp.RunTexts(c.server, nameScript, allNames, []string{c.options.Middleware})
		c.mu.Lock()
		c.named = err == nil
		c.mu.Unlock()
	}
	tellFull(c, now)
	return true
}

// take takes over what the server has said of all deliveries.
func take(c *Client, numbers []int64, now time.Time) {
	c.mu.Lock()
	if c.well.IsZero() {
		c.well = now
	}
	c.standing = store.Standing{Owned: int(numbers[1]), Revision: numbers[2], Graves: int(numbers[3])}
	c.all = Numbers{Waiting: int(numbers[4]), Dead: int(numbers[5]), Bytes: numbers[6]}
	c.mu.Unlock()
}

func numbersOf(texts []string) []int64 {
	numbers := []int64{}
	for _, text := range texts {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// tellFull says, now and then, that hardly anything more can be stored.
func tellFull(c *Client, now time.Time) {
	c.mu.Lock()
	o := c.options
	n := c.all
	nearly := (n.Waiting+n.Dead)*100 >= o.MaxDeliveries*fullAt || n.Bytes/fullAt >= o.MaxBytes/100
	tell := nearly && !o.Operator && now.Sub(c.full) >= fullInterval
	if tell {
		c.full = now
	}
	c.mu.Unlock()
	if tell {
		o.Tell("warn", fmt.Sprintf("the store in redis is more than %d %% full: %d of %d deliveries (%d of them dead), %d of %d bytes, of all Traefiks", fullAt, n.Waiting+n.Dead, o.MaxDeliveries, n.Dead, n.Bytes, o.MaxBytes))
	}
}

// disown leaves what is the owner's to the others at once.
func disown(c *Client) {
	_, _ = ask(c, disownScript, c.owner) // or they take it when it is silent
	if !c.options.Operator {
		Close(c)
	}
}

// Orphans counts the deliveries of those middlewares in a server that no owner has.
func Orphans(server resp.Options) (map[string]int, error) {
	found := map[string]int{}
	first := New(server, Options{Operator: true, Tell: func(_, _ string) {}})
	defer Close(first)
	names, err := Names(first)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		c := New(server, Options{Middleware: name, Operator: true, Tell: func(_, _ string) {}})
		n, err := alive(c)
		answer, sizeErr := ask(c, sizeScript)
		Close(c)
		if err != nil {
			return nil, err
		}
		if sizeErr != nil {
			return nil, sizeErr
		}
		numbers := numbersOf(answer)
		if n == 0 && len(numbers) == 1 && numbers[0] > 0 {
			found[name] = int(numbers[0])
		}
	}
	return found, nil
}

// alive returns how many owners there are that are not silent.
func alive(c *Client) (int, error) {
	answer, err := ask(c, aliveScript, strconv.FormatInt(Life.Milliseconds(), 10))
	numbers := numbersOf(answer)
	if err == nil && len(numbers) != 1 {
		err = errAnswer
	}
	if err != nil {
		return 0, err
	}
	return int(numbers[0]), nil
}

func standing(c *Client) store.Standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standing
}
