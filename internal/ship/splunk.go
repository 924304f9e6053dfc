package ship

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/outbox"
)

// eventMetadata is what all events of a sender have in common.
type eventMetadata struct {
	Host       string `json:"host,omitempty"`
	Source     string `json:"source"`
	SourceType string `json:"sourcetype"`
	Index      string `json:"index,omitempty"`
}

// hecReply is an answer of Splunk's HTTP Event Collector.
type hecReply struct {
	Code  *int   `json:"code"`
	AckID *int64 `json:"ackId"`
}

// hecCodes are the codes that Splunk lists under "Troubleshoot HTTP Event
// Collector", in our words.
var hecCodes = map[int]string{
	1:  "the token is disabled",
	2:  "a token is required",
	3:  "the authorization is not valid",
	4:  "the token is not valid",
	5:  "no data",
	6:  "the format of the data is not valid",
	7:  "the token may not write to the index",
	8:  "an internal error",
	9:  "the server is busy",
	10: "the token is one with acknowledgement, which acknowledge: true is for",
	11: "the channel is not valid",
	12: "an event is required",
	13: "an event is blank",
	14: "the token is one without acknowledgement, so that acknowledge: true has no effect",
	15: "fields are not valid",
	18: "the queues are full",
	19: "acknowledgement is not available",
	20: "the queues are full, and acknowledgement is not available",
	21: "the token is not valid",
	22: "the token is disabled",
	23: "the server is shutting down",
	26: "the queue is full",
	27: "the queue of acknowledgements is full",
}

const ackDisabled = 14

func prepareSplunk(s *Sender) {
	t := s.target
	metadata, _ := json.Marshal(&eventMetadata{Host: t.Host, Source: t.Source, SourceType: t.SourceType, Index: t.Index}) // of texts, which can't fail
	s.metadata = string(metadata[1 : len(metadata)-1])
	if !t.Acknowledge {
		return
	}
	s.channel = newUUID()
	s.header.Set("X-Splunk-Request-Channel", s.channel)
	s.ackEndpoint = ackAddress(s)
	s.ackInterval = 250 * time.Millisecond
	s.ackPatience = time.Minute
}

// sendSplunk sends records to the collector. Where it refuses one of several, it
// may have taken those before it, which then come twice.
func sendSplunk(s *Sender, entries []*entry) outbox.Outcome {
	if s.unacknowledged {
		problem := stillUnacknowledged(s)
		if problem != "" {
			return later(entries, problem)
		}
	}
	a := post(s, s.endpoint, eventsOf(s, entries))
	reply := hecReplyOf(a)
	if !hecTaken(a, reply) {
		return hecRefused(s, entries, a, reply)
	}
	if !s.target.Acknowledge {
		return outbox.Outcome{}
	}
	if reply.AckID == nil {
		s.unacknowledged = true
		return later(entries, answered(s, a)+" without a promise to acknowledge: "+hecCodes[ackDisabled])
	}
	problem := awaitAck(s, *reply.AckID)
	if problem != "" {
		return later(entries, problem)
	}
	return outbox.Outcome{}
}

// eventsOf writes events one after the other. The records stand in them as they
// are: json.Marshal would write some of their characters in another way.
func eventsOf(s *Sender, entries []*entry) []byte {
	var body bytes.Buffer
	for _, e := range entries {
		body.WriteByte('{')
		if !e.at.IsZero() {
			body.WriteString(`"time":` + epoch(e.at) + `,`)
		}
		body.WriteString(s.metadata + `,"event":`)
		body.Write(e.record)
		body.WriteByte('}')
	}
	return body.Bytes()
}

// epoch writes a time as seconds since 1970, with microseconds.
func epoch(at time.Time) string {
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}

// hecReplyOf reads an answer. One that is none of Splunk's has no code.
func hecReplyOf(a *answer) hecReply {
	reply := hecReply{}
	if !a.whole || json.Unmarshal(a.body, &reply) != nil {
		return hecReply{}
	}
	return reply
}

// hecTaken says whether all is well, which the status alone does not say: a load
// balancer answers with 200, too. With 24 and 25 the records are taken, and the
// queue is nearly full.
func hecTaken(a *answer, reply hecReply) bool {
	return taken(a) && reply.Code != nil && (*reply.Code == 0 || *reply.Code == 24 || *reply.Code == 25)
}

// hecRefused returns what an answer means that is no success. Most that is wrong
// with a request has the status 400: the code says whether it is the records.
func hecRefused(s *Sender, entries []*entry, a *answer, reply hecReply) outbox.Outcome {
	if reply.Code == nil && (taken(a) || a.status == http.StatusBadRequest && !wantsTLS(s, a)) {
		return unreadable(s, entries, a, "not as Splunk does") // but as something in between
	}
	if reply.Code == nil || a.status == http.StatusRequestEntityTooLarge {
		return unsuccessful(s, entries, a)
	}
	problem := answered(s, a) + " with code " + strconv.Itoa(*reply.Code)
	if hecCodes[*reply.Code] != "" {
		problem += ": " + hecCodes[*reply.Code]
	}
	outcome := later(entries, problem)
	switch *reply.Code {
	case 5, 6, 12, 13, 15:
		if a.status < 500 {
			outcome = refusedAsWhole(entries, problem)
		}
	}
	outcome.Wait = a.wait
	return outcome
}

// newUUID returns a random UUID, of version 4.
func newUUID() string {
	b := make([]byte, 16)
	_, err := rand.Read(b)
	if err != nil {
		panic("no random numbers: " + err.Error())
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := hex.EncodeToString(b)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
