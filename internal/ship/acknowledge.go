package ship

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxAckInterval bounds how rarely is asked.
const maxAckInterval = 5 * time.Second

// ackAddress returns where to ask. Behind a load balancer this must lead to the
// same server as the records do, which is the operator's to see to.
func ackAddress(s *Sender) string {
	base, query, has := strings.Cut(s.endpoint, "?")
	address := strings.TrimSuffix(base, requestPath["splunk"]) + "/services/collector/ack?"
	if has {
		address += query + "&"
	}
	return address + "channel=" + s.channel
}

// awaitAck asks until the events are indexed. It returns what is wrong if they
// are not before patience ends, or if asking is of no use.
func awaitAck(s *Sender, id int64) string {
	deadline := time.Now().Add(s.ackPatience)
	interval := s.ackInterval
	for {
		pause(s, interval)
		indexed, problem := askAck(s, id)
		if indexed {
			return ""
		}
		if problem != "" {
			return problem
		}
		if s.ctx.Err() != nil {
			return shownURL(s.ackEndpoint) + " was left, because the sender was closed"
		}
		if time.Now().After(deadline) {
			return shownURL(s.ackEndpoint) + " has not acknowledged the records within " + s.ackPatience.String()
		}
		interval += interval / 2
		if interval > maxAckInterval {
			interval = maxAckInterval
		}
	}
}

// askAck asks once. A failure that may pass is no problem yet.
func askAck(s *Sender, id int64) (bool, string) {
	number := strconv.FormatInt(id, 10)
	a := post(s, s.ackEndpoint, []byte(`{"acks":[`+number+`]}`))
	reply := struct {
		Acks map[string]bool `json:"acks"` // whether the events of a number are indexed
	}{}
	if taken(a) && a.whole && json.Unmarshal(a.body, &reply) == nil {
		return reply.Acks[number], ""
	}
	code := hecReplyOf(a).Code
	if code != nil && *code == ackDisabled {
		s.unacknowledged = true
		return false, shownURL(s.ackEndpoint) + " answered with code 14: " + hecCodes[ackDisabled]
	}
	switch a.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return false, shownURL(s.ackEndpoint) + " answered " + strconv.Itoa(a.status) + ", so that nothing is acknowledged"
	}
	return false, ""
}

// stillUnacknowledged asks whether acknowledgement is still disabled. Without
// that, each attempt would leave another copy of the records, which the collector
// takes all the same.
func stillUnacknowledged(s *Sender) string {
	_, problem := askAck(s, 0)
	if problem == "" {
		s.unacknowledged = false
	}
	return problem
}

// pause waits, unless the sender is closed.
func pause(s *Sender, interval time.Duration) {
	ctx, cancel := context.WithTimeout(s.ctx, interval)
	defer cancel()
	<-ctx.Done()
}
