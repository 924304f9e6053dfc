package hookward

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/cluster"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/lease"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// claimDelivery makes a verified delivery this request's own: verified, or why it
// is not forwarded. What is the same delivery depends on signed things alone:
// not on the id that a header has, the spelling of the signature, or which of two
// signatures was left out.
//
//inline:hot
func claimDelivery(p *policy.Policy, x *exchange) string {
	key := string(x.bodySum[:]) // as for nearly all
	if p.Replay.ByDelivery || x.proof.Signed != nil || x.proof.SignedHead != "" {
		key = deliveryKey(p.Replay, x)
	}
	found := claim.Claim(x.state.Replays, key, x.start, p.Replay.Required)
	if found == claim.Granted {
		x.claim = key
		if p.Shared == nil {
			return verdict.Verified
		}
	}
	return claimedOtherwise(p, x, key, found)
}

// claimedOtherwise says what becomes of a delivery that is not simply this request's.
func claimedOtherwise(p *policy.Policy, x *exchange, key string, found int) string {
	switch found {
	case claim.Granted:
		return claimShared(p, x)
	case claim.InFlight:
		if x.Request.Context().Value(x.state.Replays) == key || x.outer != nil && x.outer.Claim == key {
			return verdict.Verified // a gate of this middleware has claimed it on the way here
		}
		x.wait = int64(time.Second)
		return verdict.DeliveryInFlight
	case claim.Full:
		return verdict.ReplayUnavailable
	}
	return isDuplicate(p, x, key)
}

func isDuplicate(p *policy.Policy, x *exchange, key string) string {
	x.duplicate = true
	if x.state.Delivery != nil && delivery.Waits(x.state.Delivery, key) {
		return verdict.DeliveryStored
	}
	if p.Replay.OnDuplicate == "forward" {
		return verdict.Verified
	}
	return verdict.DeliveryDuplicate
}

// claimShared makes a delivery that is this Traefik's, this request's among all of
// them. Where they can't be asked, what this one remembers has to do, or with
// required, the sender has to try again.
func claimShared(p *policy.Policy, x *exchange) string {
	key := x.claim
	found, number, err := cluster.Claim(x.state.Cluster, key)
	x.lease = number
	if err != nil && p.Delivery != nil && p.Delivery.Shared != nil && delivery.Waits(x.state.Delivery, key) {
		release(x)
		x.duplicate = true
		return verdict.DeliveryStored // by this Traefik, which knows that without Redis
	}
	if err == nil && found == lease.Granted || err != nil && !p.Replay.Required {
		return verdict.Verified
	}
	release(x)
	if err != nil {
		return verdict.ReplayUnavailable
	}
	if found == lease.InFlight {
		x.wait = int64(time.Second)
		return verdict.DeliveryInFlight
	}
	if found == lease.Stored {
		x.duplicate = true
		return verdict.DeliveryStored
	}
	return isDuplicate(p, x, key)
}

// markClaimed notes in a request that its delivery is claimed, for the gates of this
// middleware that are still on its way: at an entry point and on a router, or in a chain.
// Nobody from outside can write there.
//
//inline:hot
func markClaimed(x *exchange) {
	if x.claim != "" {
		x.Request = x.Request.WithContext(context.WithValue(x.Request.Context(), x.state.Replays, x.claim))
	}
}

// deliveryKey returns what a delivery is remembered by. Where the body is all
// that is signed, its digest is there already.
func deliveryKey(r *policy.Replay, x *exchange) string {
	if r.ByDelivery && x.deliveryID != "" {
		text := "delivery:" + x.deliveryID
		if x.proof.JWT != nil {
			text += "\x00" + x.proof.JWT.Issuer // each issuer has ids of its own
		}
		sum := sha256.Sum256([]byte(text))
		return string(sum[:])
	}
	if x.proof.Signed == nil && x.proof.SignedHead == "" {
		return string(x.bodySum[:])
	}
	return signature.DigestSigned(&x.proof, x.Body)
}

// settle ends a claim with the request: the delivery has been handed on if the
// backend answered 2xx, be it that the answer broke off after that.
//
//inline:hot
func settle(x *exchange, now time.Time) {
	if x.claim == "" {
		return
	}
	if (!x.forward || x.Status < 200 || x.Status > 299) && !isHandedOn(x, now) {
		return
	}
	claim.Commit(x.state.Replays, x.claim, now.UnixNano())
	if x.state.Cluster != nil {
		cluster.Commit(x.state.Cluster, x.claim, x.lease, x.policy.Replay.Window)
	}
	x.claim = ""
}

// isHandedOn decides where there is no 2xx: on a delivery that has not been handed on,
// it gives the claim back. Where the caller left before there was an answer, the
// backend may be at work all the same, so the claim stays for a time.
func isHandedOn(x *exchange, now time.Time) bool {
	switch {
	case !x.forward:
		release(x)
	case x.Left || x.Status == 0 && isGone(x):
		hold(x, now)
	case x.Status == 0 && x.completed:
		return true // what the server makes of that is 200
	default:
		release(x)
	}
	return false
}

// isGone says whether the caller waits no longer.
func isGone(x *exchange) bool {
	return x.Request.Context().Err() != nil
}

// hold leaves a claim in flight, here and among several Traefiks.
func hold(x *exchange, now time.Time) {
	claim.Hold(x.state.Replays, x.claim, now)
	if x.lease > 0 {
		cluster.Hold(x.state.Cluster, x.claim, x.lease)
		x.lease = 0
	}
	x.claim = ""
}

// release gives a claim back.
func release(x *exchange) {
	claim.Release(x.state.Replays, x.claim)
	if x.lease > 0 {
		cluster.Release(x.state.Cluster, x.claim, x.lease)
		x.lease = 0
	}
	x.claim = ""
}
