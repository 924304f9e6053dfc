package resp

import (
	"errors"
	"time"
)

// Ask sends one command on a connection of its own, and returns the texts of the answer. It
// is for what a script may not do.
func Ask(c *Client, command ...string) ([]string, error) {
	err := enter(c, false, time.Now())
	if err != nil {
		return nil, err
	}
	c.slots <- true
	defer func() { <-c.slots }()
	texts, err := askOnce(c, command)
	if err == ErrRefused {
		leave(c, false, nil, time.Now()) // it is well enough to refuse
		return nil, err
	}
	leave(c, false, err, time.Now())
	return texts, err
}

// ErrRefused is what a server says that does not do what it is asked for.
var ErrRefused = errors.New("it refuses")

func askOnce(c *Client, command []string) ([]string, error) {
	conn, err := connect(c)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.conn.Close() }()
	answer, err := exchange(c, conn, command)
	if err != nil {
		turnFrom(c, conn.endpoint)
		return nil, err
	}
	if answer.kind == '-' {
		return nil, ErrRefused
	}
	if answer.kind == '+' {
		return []string{answer.text}, nil
	}
	return answer.texts, nil
}
