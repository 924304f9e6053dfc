package hookward

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/netip"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/iplist"
)

// decide is decideOn for a request whose connection can't be had.
func decide(g *gate, r *http.Request, now time.Time) *decision {
	return decideOn(g, r, false, now)
}

// decideOn runs the checks on one request and returns all that is to be known of
// it: whether it is forwarded, and what the record says. It never panics. On
// return the request is ready to be forwarded, if the decision says so.
func decideOn(g *gate, r *http.Request, hijackable bool, now time.Time) *decision {
	d := &decision{gate: g, hijackable: hijackable, start: now, done: make(chan bool, 1)}
	d.request = r
	deciders.jobs <- d
	if len(deciders.jobs) > 0 {
		deciders.wanted <- true
	}
	<-d.done
	return d
}

// decider takes decisions, one after another. The loop is the order of checks; a
// check that has an objection gives its reason, and ends those that follow. It
// passes a request only with the reason that the policy demands.
//
// The variables stand before the loop, and each is assigned before it is read: what
// it has from the turn before is another request's.
func decider(c *crew, d *decision, w *bodyWatch) {
	defer func() {
		if panicked := recover(); panicked != nil {
			refusePanicked(d, w, fmt.Sprint(panicked))
		}
	}()
	defer leave(c)
	defer unwatch(w)
	watchFor(w)
	var g *gate
	var r *http.Request
	var p *policy
	var s *state
	var now time.Time
	var reason, key, name, text, head string
	var peer netip.AddrPort
	var octets, mac []byte
	var lines []string
	var size, stamp, late, clock int64
	var k int
	var unread bool
	var f, keyed *fastPath
	var h hash.Hash
	var err error
	for {
		d = <-c.jobs
		if d == nil {
			if len(c.jobs) > 0 {
				continue // see crew
			}
			return
		}
		g = d.gate
		r = d.request
		now = d.start
		clock = int64(now.Sub(started))
		d.method = r.Method
		d.host = r.Host
		d.path = r.URL.EscapedPath()
		d.rawQuery = r.URL.RawQuery
		d.contentType = r.Header["Content-Type"]
		d.source = r.RemoteAddr
		d.bodyBytes = r.ContentLength
		d.reason = internalError
		reason = ""

		// The configuration in force.
		if g.watches {
			p, s = currentPolicy(g, now)
		} else {
			p = g.policy
			s = g.state
		}
		if p == nil {
			remind(g, now)
			d.reason = configInvalid
			d.inGate = int64(time.Since(now))
			d.done <- true
			continue
		}
		d.policy = p
		d.state = s
		lines = r.Header[p.idHeader]
		if len(lines) > 0 {
			d.deliveryID = lines[0]
		}
		lines = r.Header[p.eventHeader]
		if len(lines) > 0 {
			d.eventType = lines[0]
		}
		if p.audit.headers != nil {
			noteRecorded(p.audit, r, d)
		}

		// The method, the client's address, a ban, the rate limit. This is the short
		// way for a peer of IPv4 that nobody has anything against.
		if p.guarded || p.ban != nil && atomic.LoadInt64(&s.bans.banned) > 0 {
			key = ""
			if p.addresses.strategy == nil && p.methods[r.Method] {
				peer, _ = netip.ParseAddrPort(r.RemoteAddr)
				octets, _ = peer.MarshalBinary()
				if len(octets) == 6 { // and two of the port
					key = "4" + string(octets[:4]) + "\x00" // see ipset.Key
				}
			}
			if key != "" && (p.addresses.deny == nil || lookUp(p.addresses.deny, s.denied, key) == iplist.Outside) &&
				(p.addresses.allow == nil || sort.SearchStrings(p.addresses.allow.own, key)%2 == 1 || lookUp(p.addresses.allow, s.allowed, key) == iplist.Inside) {
				if p.limit != nil && !p.shortLimit || p.ban != nil && atomic.LoadInt64(&s.bans.banned) > 0 {
					reason = restrain(p, r, d, key, now)
					clock = sinceStart(time.Now()) // Redis may have taken a while
				} else if p.limit != nil {
					size = bucket.Take(s.limits, key, clock)
					if size < 0 {
						d.wait = -size
						reason = rateLimited
					}
				}
			} else {
				reason = admit(g, p, r, d, now)
				clock = sinceStart(time.Now())
			}
			if reason == admitted {
				reason = ""
			}
		}
		if reason == "" && !p.methods[r.Method] {
			reason = greetOr(p, methodNotAllowed, r, d)
		}

		// The body.
		if reason == "" && r.ContentLength > p.maxBodyBytes {
			reason = bodyTooLarge
		}
		unread = reason != ""
		if !unread {
			if r.ContentLength != 0 && r.Body != nil {
				w.d = d
				d.reason = bodyTimeout // until it is there: see giveUpLate
				late = clock + int64(p.bodyTimeout)
				atomic.StoreInt64(&w.deadline, late)
				if r.ProtoMajor == 1 && r.ContentLength > 0 && r.ContentLength <= smallBody {
					// RFC 9112, 6.2: there is no more, and no trailer.
					octets = make([]byte, r.ContentLength)
					_, err = io.ReadFull(r.Body, octets)
					if err == nil {
						d.arrived = octets
						reason = bodyRead
					} else {
						reason = bodyProblem(err)
					}
				} else {
					reason = readBody(d, r, p.maxBodyBytes)
				}
				if !atomic.CompareAndSwapInt64(&w.deadline, late, 0) {
					return // it is answered, and no longer this one's
				}
				d.body = d.arrived
			} else {
				reason = bodyRead
			}
			if reason == bodyRead {
				reason = ""
				d.bodyWhole = true
				d.bodyBytes = int64(len(d.body))
				d.bodySum = sha256.Sum256(d.body)
			}
		}

		// The signature, with its timestamp, or the token; handshakes before it where
		// the provider does not sign them, and behind it where it does. The short way
		// is here, which saves 120 allocations of 310: see fastPath.
		if reason == "" && p.asksUnsigned {
			reason = greet(p, true, r, d)
			if reason == notOne {
				reason = ""
			}
		}
		if reason == "" {
			f = p.fast
			if f != nil {
				lines = r.Header[f.header]
				if len(lines) == 1 {
					text = lines[0]
					head = f.literals[0]
					if f.timestamped {
						text, head, stamp = readHead(f, text, r, now)
					}
					if len(text) == f.length && text[:f.start] == f.prefix {
						if f.encoding == nil {
							mac, err = hex.DecodeString(text[f.start:])
						} else {
							mac, err = f.encoding.DecodeString(text[f.start:])
						}
						if err == nil && len(mac) == f.size {
							reason = f.otherwise
							for k = range f.keys {
								if k == 0 && keyed == f {
									h.Reset()
								} else {
									h = hmac.New(f.newHash, f.keys[k])
									keyed = nil
									if k == 0 {
										keyed = f
									}
								}
								if head != "" {
									h.Write([]byte(head))
								}
								h.Write(d.body)
								if hmac.Equal(h.Sum(nil), mac) {
									d.proof.secret = k + 1
									d.proof.scheme = p.schemes[0]
									d.proof.signedHead = head
									if f.timestamped {
										d.proof.timestamp = time.Unix(stamp, 0)
									}
									reason = verified
									break
								}
							}
						}
					}
				}
			}
			if reason == "" {
				reason = checkProof(p, d, now)
			}
			if reason == verified && p.welcomes {
				reason = welcome(p, r, d)
			}
		}

		// Replay.
		if reason == verified && p.replay != nil {
			reason = claimDelivery(p, d, now)
		}

		// The conclusion: a request that is forwarded gets back the bytes that were
		// read, and loses what only the gate may say. Here for what is usual, which
		// saves 140 allocations and a fifth of the decision; see prepare for the rest.
		if reason == p.passes && p.shortEnd && len(r.Trailer) == 0 {
			for name = range r.Header {
				if p.spoofs[name] || len(name) > 10 && (name[2:10] == "Hookward" || name[2:10] == "hookward") {
					delete(r.Header, name)
				}
			}
			delete(r.Header, "Upgrade")
			delete(r.Header, "Expect")
			r.Header[providerHeader] = []string{p.provider}
			if d.deliveryID != "" && (len(d.deliveryID) < maxHeader && strings.TrimLeft(d.deliveryID, visible) == "" || fitsHeader.MatchString(d.deliveryID)) {
				r.Header[deliveryHeader] = []string{d.deliveryID}
			}
			if d.eventType != "" && (len(d.eventType) < maxHeader && strings.TrimLeft(d.eventType, visible) == "" || fitsHeader.MatchString(d.eventType)) {
				r.Header[eventHeader] = []string{d.eventType}
			}
			r.ContentLength = d.bodyBytes
			r.TransferEncoding = nil
			r.Body = http.NoBody
			if d.bodyBytes > smallBody {
				r.Body = readerOf(d)
			} else if d.bodyBytes > 0 {
				r.Body = io.NopCloser(bytes.NewReader(d.body))
			}
			d.reason = reason
			d.passes = true
			d.forward = true
		} else {
			conclude(d, r, reason, now)
			d.inGate = int64(time.Since(now))
			if unread && isWorthDraining(d, r) && !drain(d, r, w) {
				return // it is answered, and no longer this one's
			}
		}
		size = int64(len(d.body))
		if d.inGate == 0 {
			d.inGate = int64(time.Since(now))
		}
		d.done <- true
		if size > maxKept {
			return
		}
	}
}
