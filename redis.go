package hookward

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/resp"
)

// sharedMemory is the compiled option redis: what several Traefiks remember
// together. Each keeps its own memory as well, and goes on with that alone while
// the server is not well.
type sharedMemory struct {
	options resp.Options
	digest  string // of the options
}

// cluster is several Traefiks that remember together.
type cluster struct {
	client *resp.Client
	name   string // of the middleware: it is the same in all Traefiks
}

const (
	defaultRedisEndpoint = "127.0.0.1:6379"
	defaultRedisDial     = 200 * time.Millisecond
	defaultRedisTimeout  = 50 * time.Millisecond
	maxRedisTimeout      = 10 * time.Second
	defaultRedisPool     = 32
	maxRedisPool         = 1000
	minSharedInterval    = 10 * time.Microsecond
	// sharedClaim is how long a delivery that is under way is another Traefik's:
	// one that ends in the middle never gives it back.
	sharedClaim = 2 * time.Minute
)

// The scripts each do one decision in one step. The time is the server's, so that
// the clocks of the Traefiks make no difference; a key that a script writes ends
// by itself.
var (
	// A token bucket as in the package bucket, in microseconds since 2023: Lua's
	// numbers are exact to a sixtieth of one then. A clock that was set back can't
	// make a bucket emptier than empty.
	takeScript = resp.NewScript(`local t = redis.call('TIME')
local now = (t[1] - 1700000000) * 1000000 + t[2]
local interval, depth = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
if full < now then full = now end
if full > now + depth then full = now + depth end
local room = depth - (full + interval - now)
if room < -0.5 then return math.floor(room) end
redis.call('SET', KEYS[1], string.format('%.3f', full + interval), 'PX', math.ceil((full + interval - now) / 1000) + 1000)
return math.max(0, math.floor(room))`)

	claimScript = resp.NewScript(`local v = redis.call('GET', KEYS[1])
if v == 'done' then return 2 end
if v and v ~= ARGV[1] then return 1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0`)

	commitScript = resp.NewScript(`redis.call('SET', KEYS[1], 'done', 'PX', ARGV[1])
return 1`)

	releaseScript = resp.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`)

	// It returns for how many milliseconds the client is banned.
	failScript = resp.NewScript(`if redis.call('GET', KEYS[1]) == 'banned' then return redis.call('PTTL', KEYS[1]) end
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if n < tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], 'banned', 'PX', ARGV[3])
return tonumber(ARGV[3])`)
)

func compileRedis(n *notes, secrets *resolver, o RedisOptions) *sharedMemory {
	own := &credentials{secrets: secrets}
	m := &sharedMemory{options: resp.Options{
		Endpoints: o.Endpoints, Username: o.Username, DB: int(o.DB),
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout, PoolSize: int(o.PoolSize),
	}}
	r := &m.options
	if len(r.Endpoints) == 0 {
		r.Endpoints = []string{defaultRedisEndpoint}
	}
	for i, endpoint := range r.Endpoints {
		host, port, err := net.SplitHostPort(endpoint)
		number, portErr := strconv.ParseUint(port, 10, 16)
		if err != nil || host == "" || portErr != nil || number == 0 {
			addProblem(n, fmt.Sprintf("redis.endpoints[%d]", i), kindInvalid, quote(endpoint)+" is not HOST:PORT")
		}
	}
	if r.DialTimeout == 0 {
		r.DialTimeout = defaultRedisDial
	}
	if r.ReadTimeout == 0 {
		r.ReadTimeout = defaultRedisTimeout
	}
	if r.WriteTimeout == 0 {
		r.WriteTimeout = defaultRedisTimeout
	}
	if r.DialTimeout > maxRedisTimeout || r.ReadTimeout > maxRedisTimeout || r.WriteTimeout > maxRedisTimeout {
		addProblem(n, "redis", kindInvalid, "timeouts must be at most 10s, because requests wait for them")
	}
	if r.PoolSize == 0 {
		r.PoolSize = defaultRedisPool
	}
	if r.PoolSize > maxRedisPool {
		addProblem(n, "redis.poolSize", kindInvalid, "must be at most 1000")
	}
	if o.Password != "" {
		r.Password = string(clientText(own, n, o.Password, "redis.password", true))
	} else if o.Username != "" {
		addProblem(n, "redis.username", kindNoEffect, "has no effect without password")
	}
	if o.TLS != nil {
		r.TLS = compileTLS(n, own, *o.TLS, "redis.tls")
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q %q %d %s %s %s %d %v %v %q", r.Endpoints, r.Username, r.Password, r.DB, r.DialTimeout, r.ReadTimeout, r.WriteTimeout, r.PoolSize, o.TLS != nil, o.TLS != nil && o.TLS.InsecureSkipVerify, own.seen)))
	m.digest = hex.EncodeToString(sum[:])
	return m
}

// sharedKey returns the key of something in the server: of one length, and with
// nothing of a stranger's in it.
func sharedKey(m *cluster, kind, key string) string {
	sum := sha256.Sum256([]byte(m.name + "\x00" + kind + "\x00" + key))
	return "hookward:" + kind + ":" + hex.EncodeToString(sum[:20])
}

// errNumber is for a number that a script of ours never answers with.
var errNumber = errors.New("the server answers with a number that makes no sense")

// takeShared is bucket.Take for all Traefiks together.
func takeShared(m *cluster, l *rateLimit, nanoseconds int64, source string) (int64, error) {
	interval := float64(nanoseconds) / 1000
	room, err := resp.Run(m.client, takeScript, sharedKey(m, "limit", source), []string{
		strconv.FormatFloat(interval, 'f', 3, 64), strconv.FormatFloat(interval*float64(l.burst), 'f', 3, 64),
	})
	if err == nil && (room > l.burst*nanoseconds || room < -maxSharedWait) {
		err = errNumber
	}
	return room * 1000, err
}

// maxSharedWait is more than a bucket ever takes, in microseconds.
const maxSharedWait = int64(100 * 365 * 24 * time.Hour / time.Microsecond)

// claimTogether returns what the package claim would say of a delivery, for all
// Traefiks together.
func claimTogether(m *cluster, key, token string) (int, error) {
	found, err := resp.Run(m.client, claimScript, sharedKey(m, "delivery", key), []string{token, milliseconds(sharedClaim)})
	switch {
	case err != nil:
		return claim.Full, err
	case found == 0:
		return claim.Granted, nil
	case found == 1:
		return claim.InFlight, nil
	case found == 2:
		return claim.Duplicate, nil
	}
	return claim.Full, errNumber
}

func commitTogether(m *cluster, key string, window time.Duration) {
	_, _ = resp.Run(m.client, commitScript, sharedKey(m, "delivery", key), []string{milliseconds(window)})
}

func releaseTogether(m *cluster, key, token string) {
	_, _ = resp.Run(m.client, releaseScript, sharedKey(m, "delivery", key), []string{token})
}

// failShared counts a failure for all Traefiks together, and returns how long the
// client is banned for. Who is banned by one is so by another from its next
// failure on: the deliveries that pass need no look.
//
// What decides what verifies is part of the key: who has failed by another secret
// has not failed by this one.
func failShared(m *cluster, b *ban, verification, client string) (time.Duration, error) {
	banned, err := resp.Run(m.client, failScript, sharedKey(m, "ban", verification+client), []string{
		strconv.FormatInt(b.failures, 10), milliseconds(b.window), milliseconds(b.duration),
	})
	if err == nil && (banned < 0 || banned > int64(maxBanDuration/time.Millisecond)) {
		err = errNumber
	}
	return time.Duration(banned) * time.Millisecond, err
}

// newClaim returns what a claim is known by.
func newClaim() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // which never fails: crypto/rand says so
	return hex.EncodeToString(b)
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt((int64(d)+int64(time.Millisecond)-1)/int64(time.Millisecond), 10)
}

// closeLater leaves the old connections to those who have claimed something with
// them.
func closeLater(client *resp.Client) {
	time.AfterFunc(sharedClaim, func() {
		defer func() { _ = recover() }()
		resp.Close(client)
	})
}
