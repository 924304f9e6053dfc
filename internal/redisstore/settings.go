package redisstore

import (
	"errors"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/resp"
)

// lookInterval is how often the server's settings are looked at. They are, too, whenever it
// was away.
const lookInterval = 15 * time.Second

// mayStore says why nothing is stored, or nil.
func mayStore(c *Client) error {
	c.mu.Lock()
	first := c.looked.IsZero()
	c.mu.Unlock()
	if first {
		look(c, time.Now())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused != "" {
		return errors.New(c.refused)
	}
	return nil
}

// look looks whether the server keeps what it is given, and says what an operator has to
// know of that, once.
func look(c *Client, now time.Time) {
	c.mu.Lock()
	due := c.looked.IsZero() || now.Sub(c.looked) >= lookInterval
	c.mu.Unlock()
	if !due {
		return
	}
	info, err := resp.Ask(c.server, "INFO")
	if err != nil && err != resp.ErrRefused {
		return // the next one who asks it something says so
	}
	fsync := ""
	if err == nil {
		answer, err := resp.Ask(c.server, "CONFIG", "GET", "appendfsync")
		if err == nil && len(answer) == 2 {
			fsync = answer[1]
		}
	}
	refused := ""
	said := "its settings can't be read (INFO is refused): see that appendonly is yes and maxmemory-policy is noeviction, or deliveries may be lost"
	if err == nil {
		refused, said = judge(fields(strings.Join(info, "\r\n")), fsync)
	}
	c.mu.Lock()
	c.looked = now
	c.refused = refused
	fresh := said != c.said
	c.said = said
	c.mu.Unlock()
	if !fresh || c.options.Operator {
		return
	}
	if refused != "" {
		c.options.Tell("error", "the store in redis is not used: "+said)
	} else if said != "" {
		c.options.Tell("warn", "the store in redis: "+said)
	}
}

// fields reads an answer to INFO: a line each, NAME:VALUE.
func fields(info string) map[string]string {
	found := map[string]string{}
	for _, line := range strings.Split(info, "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if ok {
			found[name] = value
		}
	}
	return found
}

// judge returns why a server is not to be used, and what an operator has to know of it.
func judge(info map[string]string, fsync string) (string, string) {
	policy := info["maxmemory_policy"]
	bounded := info["maxmemory"] != "" && info["maxmemory"] != "0"
	if bounded && strings.HasPrefix(policy, "allkeys-") {
		text := "maxmemory-policy is " + policy + ", which deletes deliveries when memory runs short; set it to noeviction"
		return text, text
	}
	said := []string{}
	if bounded && strings.HasPrefix(policy, "volatile-") {
		said = append(said, "maxmemory-policy is "+policy+", which forgets claims when memory runs short, so that a repeat is delivered twice; set it to noeviction")
	}
	switch {
	case info["aof_enabled"] == "0":
		said = append(said, "appendonly is no, so that deliveries are lost when Redis ends; set appendonly to yes")
	case fsync == "everysec":
		said = append(said, "appendfsync is everysec, so that deliveries of the last second are lost when its machine ends; always keeps these, too")
	case fsync == "no":
		said = append(said, "appendfsync is no, so that deliveries of half a minute are lost when its machine ends; set it to everysec or always")
	}
	if info["role"] == "slave" {
		said = append(said, "it is a replica, which stores nothing")
	} else if info["connected_slaves"] != "" && info["connected_slaves"] != "0" {
		said = append(said, "it has "+info["connected_slaves"]+" replicas, which may miss the last deliveries when one of them takes over")
	}
	return "", strings.Join(said, "; ")
}
