package hookward

import (
	"crypto/sha256"
	"time"

	"github.com/hookward/hookward/internal/claim"
)

// replay is the compiled option replay.
type replay struct {
	window      time.Duration
	directory   string // where it outlives the process
	onDuplicate string
	byDelivery  bool
	required    bool
}

const (
	defaultReplayWindow = 24 * time.Hour
	maxReplayWindow     = 30 * 24 * time.Hour
	// maxDeliveries bounds what is remembered: at least half of them, which are
	// the last ones.
	maxDeliveries = 200_000
	// replayMargin is what the window has to be longer than the time in which a
	// timestamp is accepted: deliveries take a while.
	replayMargin = time.Minute
)

var (
	onDuplicates = []string{"acknowledge", "reject", "forward"}
	replayBy     = []string{"signature", "delivery"}
)

// compileReplay compiles the option replay, whatever is verified; see fitReplay.
func compileReplay(n *notes, options *ReplayOptions, directory string) *replay {
	if options == nil {
		return nil
	}
	o := *options
	r := &replay{window: o.Window, onDuplicate: o.OnDuplicate, directory: directory, byDelivery: o.By == "delivery", required: o.Required}
	if r.window == 0 {
		r.window = defaultReplayWindow
	}
	if r.onDuplicate == "" {
		r.onDuplicate = onDuplicates[0]
	}
	if r.window > maxReplayWindow {
		addProblem(n, "replay.window", kindInvalid, "must be at most 720h")
	}
	if !contains(onDuplicates, r.onDuplicate) {
		addProblem(n, "replay.onDuplicate", kindInvalid, notKnown(r.onDuplicate, onDuplicates))
	}
	if o.By != "" && !contains(replayBy, o.By) {
		addProblem(n, "replay.by", kindInvalid, notKnown(o.By, replayBy))
	}
	return r
}

// fitReplay says where replay contradicts what is verified, once that is known.
func fitReplay(n *notes, r *replay, schemes []*scheme) {
	if len(schemes) == 0 {
		addProblem(n, "replay", kindNoEffect, "has no effect, because nothing is signed: a token is the same in every delivery")
	}
	for _, s := range schemes {
		if s.items != nil {
			addProblem(n, "replay", kindNoEffect, "has no effect on a batch, each item of which is signed for itself: items that have passed could be sent again in another batch")
			break
		}
		if s.timestamped && r.window < 2*s.tolerance+replayMargin {
			addProblem(n, "replay.window", kindInvalid, "must be at least "+(2*s.tolerance+replayMargin).String()+", twice tolerance and a minute; a delivery could be sent again otherwise, while its timestamp is still good")
			break
		}
		if r.byDelivery && !signsID(s) {
			addProblem(n, "replay.by", kindInvalid, "can't be delivery, because the scheme does not sign the delivery's id, and anybody could change it")
			break
		}
	}
}

// signsID says whether a delivery's id can't be changed by whoever has seen one.
func signsID(s *scheme) bool {
	for i := range s.signs {
		q := &s.signs[i]
		switch {
		case q.kind == "id":
			return true
		case q.kind == "body" && s.id.kind == "json":
			// Not so in a form: a header that nobody signs says whether it is one.
			return true
		case (q.kind == "url" || q.kind == "query" || q.kind == "uri" || q.kind == "portURL") && s.id.kind == "query":
			return true
		}
	}
	return false
}

// claimDelivery makes a verified delivery this request's own: verified, or why it
// is not forwarded. What is the same delivery depends on signed things alone:
// not on the id that a header has, the spelling of the signature, or which of two
// signatures was left out.
func claimDelivery(p *policy, d *decision, now time.Time) string {
	key := string(d.bodySum[:]) // as for nearly all
	if p.replay.byDelivery || d.proof.signed != nil || d.proof.signedHead != "" {
		key = deliveryKey(p.replay, d)
	}
	found := claim.Claim(d.state.replays, key, now.UnixNano(), p.replay.required)
	if found == claim.Granted {
		d.claim = key
		if p.shared == nil {
			return verified
		}
	}
	return claimedOtherwise(p, d, found)
}

// claimedOtherwise says what becomes of a delivery that is not simply this request's.
func claimedOtherwise(p *policy, d *decision, found int) string {
	switch found {
	case claim.Granted:
		return claimShared(p, d)
	case claim.InFlight:
		d.wait = int64(time.Second)
		return deliveryInFlight
	case claim.Full:
		return replayUnavailable
	}
	return isDuplicate(p, d)
}

func isDuplicate(p *policy, d *decision) string {
	d.duplicate = true
	if p.replay.onDuplicate == "forward" {
		return verified
	}
	return deliveryDuplicate
}

// claimShared makes a delivery that is this Traefik's, this request's among all of
// them. Where they can't be asked, what this one remembers has to do, or with
// required, the sender has to try again.
func claimShared(p *policy, d *decision) string {
	// Noted first: where no answer comes, the claim may be there all the same.
	d.claimToken = newClaim()
	found, err := claimTogether(d.state.cluster, d.claim, d.claimToken)
	if found == claim.Granted || err != nil && !p.replay.required {
		return verified
	}
	if err == nil {
		d.claimToken = "" // it is another's
	}
	release(d)
	if err != nil {
		return replayUnavailable
	}
	if found == claim.InFlight {
		d.wait = int64(time.Second)
		return deliveryInFlight
	}
	return isDuplicate(p, d)
}

// deliveryKey returns what a delivery is remembered by. Where the body is all
// that is signed, its digest is there already.
func deliveryKey(r *replay, d *decision) string {
	if r.byDelivery && d.deliveryID != "" {
		sum := sha256.Sum256([]byte("delivery:" + d.deliveryID))
		return string(sum[:])
	}
	if d.proof.signed == nil && d.proof.signedHead == "" {
		return string(d.bodySum[:])
	}
	h := sha256.New()
	h.Write([]byte(d.proof.signedHead))
	if d.proof.signed == nil {
		h.Write(d.body)
	}
	for i, text := range d.proof.signed {
		// What is remembered may be on a disk, and does not depend on the key.
		if d.proof.scheme.signs[i].kind != "secret" {
			h.Write(text)
		}
	}
	return string(h.Sum(nil))
}

// settle ends a claim with the request: the delivery has been handed on if the
// backend answered 2xx, be it that the answer broke off after that.
func settle(d *decision, now time.Time) {
	if d.claim == "" {
		return
	}
	if d.forward && (d.status >= 200 && d.status < 300 || d.status == 0 && d.completed) {
		claim.Commit(d.state.replays, d.claim, now.UnixNano())
		if d.state.cluster != nil {
			commitTogether(d.state.cluster, d.claim, d.policy.replay.window)
		}
		d.claim = ""
		return
	}
	release(d)
}

// release gives a claim back.
func release(d *decision) {
	claim.Release(d.state.replays, d.claim)
	if d.claimToken != "" {
		releaseTogether(d.state.cluster, d.claim, d.claimToken)
		d.claimToken = ""
	}
	d.claim = ""
}
