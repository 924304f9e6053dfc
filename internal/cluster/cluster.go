// Package cluster knows how several Traefiks limit, ban and claim together, by scripts
// in Redis. It must not know what is limited or claimed: that is a key.
package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/lease"
	"github.com/hookward/hookward/internal/resp"
)

// Cluster is several Traefiks that remember together.
type Cluster struct {
	client *resp.Client
	leases *lease.Table
	name   string // of the middleware: it is the same in all Traefiks
	tag    string // of its claims
}

// New returns a cluster, which connects when it is first used. What there is to say of
// the server goes to tell.
func New(name string, o resp.Options, tell func(level, message string, now time.Time)) *Cluster {
	o.Without = "limits and replays are this Traefik's alone meanwhile"
	client := resp.NewClient(o, tell)
	// A new connection is asked twice.
	leases := lease.New(client, o.DialTimeout+2*(o.WriteTimeout+o.ReadTimeout), func(problem string) {
		tell("error", "redis: "+problem, time.Now())
	})
	return &Cluster{client: client, leases: leases, name: name, tag: lease.Tag(name)}
}

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

	// It returns for how many milliseconds the client is banned.
	failScript = resp.NewScript(`if redis.call('GET', KEYS[1]) == 'banned' then return redis.call('PTTL', KEYS[1]) end
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if n < tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], 'banned', 'PX', ARGV[3])
return tonumber(ARGV[3])`)
)

// sharedKey returns the key of something in the server: of one length, and with
// nothing of a stranger's in it.
func sharedKey(m *Cluster, kind, key string) string {
	sum := sha256.Sum256([]byte(m.name + "\x00" + kind + "\x00" + key))
	return "hookward:" + kind + ":" + hex.EncodeToString(sum[:20])
}

// errNumber is for a number that a script of ours never answers with.
var errNumber = errors.New("the server answers with a number that makes no sense")

// Take is bucket.Take for all Traefiks together.
func Take(m *Cluster, nanoseconds, burst int64, source string) (int64, error) {
	interval := float64(nanoseconds) / 1000
	room, err := resp.RunAside(m.client, takeScript, sharedKey(m, "limit", source), []string{
		strconv.FormatFloat(interval, 'f', 3, 64), strconv.FormatFloat(interval*float64(burst), 'f', 3, 64),
	})
	if err == nil && (room > burst*nanoseconds || room < -maxSharedWait) {
		err = errNumber
	}
	return room * 1000, err
}

// maxSharedWait is more than a bucket ever takes, in microseconds.
const maxSharedWait = int64(100 * 365 * 24 * time.Hour / time.Microsecond)

// Claim claims a delivery among all Traefiks, and returns what the package lease says.
func Claim(m *Cluster, key string) (int, int64, error) {
	return lease.Claim(m.leases, lease.KeyOf(m.tag, key))
}

// Commit ends a claim of a delivery that has been handed on.
func Commit(m *Cluster, key string, number int64, window time.Duration) {
	lease.Commit(m.leases, lease.KeyOf(m.tag, key), number, window)
}

// Land ends a claim of a delivery that is stored in the server, which knows so.
func Land(m *Cluster, key string, number int64) {
	lease.Land(m.leases, lease.KeyOf(m.tag, key), number)
}

// Hold ends a claim of which nobody knows what became, in lease.Life.
func Hold(m *Cluster, key string, number int64) {
	lease.Hold(m.leases, lease.KeyOf(m.tag, key), number)
}

// Release ends a claim of a delivery that has not.
func Release(m *Cluster, key string, number int64) {
	lease.Release(m.leases, lease.KeyOf(m.tag, key), number)
}

// Renew has the commit of a delivery last longer.
func Renew(m *Cluster, key string, window time.Duration) {
	lease.Renew(m.leases, lease.KeyOf(m.tag, key), window)
}

// Forget takes back the commit of a delivery that was given up.
func Forget(m *Cluster, key string) {
	lease.Forget(m.leases, lease.KeyOf(m.tag, key))
}

// Fail counts a failure for all Traefiks together, and returns how long the
// client is banned for. Who is banned by one is so by another from its next
// failure on: the deliveries that pass need no look.
func Fail(m *Cluster, failures int64, window, duration time.Duration, client string) (time.Duration, error) {
	banned, err := resp.RunAside(m.client, failScript, sharedKey(m, "ban", client), []string{
		strconv.FormatInt(failures, 10), milliseconds(window), milliseconds(duration),
	})
	if err == nil && (banned < 0 || banned > int64(bans.MaxDuration/time.Millisecond)) {
		err = errNumber
	}
	return time.Duration(banned) * time.Millisecond, err
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt((int64(d)+int64(time.Millisecond)-1)/int64(time.Millisecond), 10)
}

// Close ends a cluster.
func Close(m *Cluster) { lease.Close(m.leases) }

// CloseLater leaves the old connections to those who have claimed something with
// them.
func CloseLater(m *Cluster) {
	time.AfterFunc(lease.Life, func() {
		defer func() { _ = recover() }()
		Close(m)
	})
}

// Health returns whether the server was well when it was last asked, and how many times it
// was not.
func Health(m *Cluster) (bool, int64) { return resp.Health(m.client) }
