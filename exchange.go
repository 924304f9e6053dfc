package hookward

import (
	"crypto/sha256"
	"io"
	"net/netip"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/courier"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/handshakes"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/reply"
	"github.com/hookward/hookward/internal/signature"
)

// exchange is all that is known of one request, for the answer and the record.
type exchange struct {
	message.Message
	reply.Sent

	gate      *gates.Gate
	start     time.Time
	at        int64     // start, in nanoseconds since started
	done      chan bool // a word once it is decided on, and one once it is recorded
	announced chan bool // who waits for its record to be written down; nil where nobody does

	// The request as it came: what follows the gate may rewrite it.
	method string
	host   string
	path   string
	source string // the peer's address, with its port

	rawQuery    string            // as it came
	contentType []string          // as it came
	recorded    map[string]string // headers, for the record
	inGate      int64             // how long the gate took, in nanoseconds
	sequence    int64             // of the record, where it has one already
	ahead       *ahead.Log        // where the record is written down until it is handed on

	client       netip.Addr // the zero Addr where it can't be told
	clientWhole  netip.Addr // before ipStrategy.ipv6Subnet
	clientNoted  bool       // else the client is the peer
	clientKey    string     // what bans and limits count it by; empty where nobody asks
	delay        int64      // what the checks before the body have waited for, in nanoseconds
	rule         string     // what has denied it
	wait         int64      // until it is worth trying again, in nanoseconds
	limit        string     // RateLimit, and RateLimit-Policy, where they are told
	limitPolicy  string
	rejectStatus int // what the lists say where they refuse

	policy  *policy.Policy // nil while the configuration has a mistake
	state   *memory.State  // that goes with it
	reason  string
	passes  bool // it needs nobody's indulgence to be forwarded
	forward bool

	encoded    bool // the body has an encoding, and was signed without it
	bodyWhole  bool
	bodyBegun  bool              // somebody has tried to read it
	hijackable bool              // the connection can be taken away from a read that stalls
	drained    bool              // it was refused, and the rest of the body read for the connection's sake
	stalled    bool              // the body did not come in time; somebody still reads it
	bodyBytes  int64             // of the whole body; -1 where that is not known
	bodySum    [sha256.Size]byte // of the whole body
	reader     io.ReadCloser     // what the next handler reads the body from
	arrived    []byte            // what was read of it, for its worker alone

	// The memory for the body: what was taken of anybody's part, and what by whom.
	held         int64
	heldByHolder int64
	holder       string

	proof signature.Proof
	claim string // by which the delivery is this request's; empty where it has none
	lease int64  // by which it is among several Traefiks

	deliveryID string
	eventType  string
	answer     *handshakes.Answer // to a handshake

	kept    *courier.Kept // nil where nothing is kept of it
	outer   *courier.Kept // what a gate in front of this one has noted
	awaited bool          // the backend is asked while the sender waits, and the delivery is kept
	through bool          // it is an attempt of this middleware's own, for a delivery that was verified

	completed bool          // whether the backend's handler returned
	duplicate bool          // the delivery has passed before
	settled   bool          // its claim is settled, or is not to be
	counts    *metrics.Gate // among whose numbers it is to be; nil where nobody asks for them
	counted   bool          // it is there
}
