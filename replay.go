package hookward

import (
	"crypto/sha256"
	"time"

	"github.com/hookward/hookward/internal/claim"
)

// maxDeliveries bounds what is remembered: at least half of them, which are
// the last ones.
const maxDeliveries = 200_000

// claimDelivery makes a verified delivery this request's own: verified, or why it
// is not forwarded. What is the same delivery depends on signed things alone:
// not on the id that a header has, the spelling of the signature, or which of two
// signatures was left out.
//
//inline:hot
func claimDelivery(p *policy, d *decision) string {
	key := string(d.bodySum[:]) // as for nearly all
	if p.replay.byDelivery || d.proof.signed != nil || d.proof.signedHead != "" {
		key = deliveryKey(p.replay, d)
	}
	found := claim.Claim(d.state.replays, key, d.start.UnixNano(), p.replay.required)
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
	return digestSigned(&d.proof, d.body)
}

// settle ends a claim with the request: the delivery has been handed on if the
// backend answered 2xx, be it that the answer broke off after that.
//
//inline:hot
func settle(d *decision, now time.Time) {
	if d.claim == "" {
		return
	}
	if !d.forward || (d.status < 200 || d.status > 299) && (d.status != 0 || !d.completed) {
		release(d)
		return
	}
	claim.Commit(d.state.replays, d.claim, now.UnixNano())
	if d.state.cluster != nil {
		commitTogether(d.state.cluster, d.claim, d.policy.replay.window)
	}
	d.claim = ""
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
