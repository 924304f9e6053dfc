package cluster

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/resp"
)

// Cluster is several Traefiks that remember together.
type Cluster struct {
	Client *resp.Client
	Name   string // of the middleware: it is the same in all Traefiks
}

// ClaimTime is how long a delivery that is under way is another Traefik's:
// one that ends in the middle never gives it back.
const ClaimTime = 2 * time.Minute

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

// sharedKey returns the key of something in the server: of one length, and with
// nothing of a stranger's in it.
func sharedKey(m *Cluster, kind, key string) string {
	sum := sha256.Sum256([]byte(m.Name + "\x00" + kind + "\x00" + key))
	return "hookward:" + kind + ":" + hex.EncodeToString(sum[:20])
}

// errNumber is for a number that a script of ours never answers with.
var errNumber = errors.New("the server answers with a number that makes no sense")

// Take is bucket.Take for all Traefiks together.
func Take(m *Cluster, nanoseconds, burst int64, source string) (int64, error) {
	interval := float64(nanoseconds) / 1000
	room, err := resp.Run(m.Client, takeScript, sharedKey(m, "limit", source), []string{
		strconv.FormatFloat(interval, 'f', 3, 64), strconv.FormatFloat(interval*float64(burst), 'f', 3, 64),
	})
	if err == nil && (room > burst*nanoseconds || room < -maxSharedWait) {
		err = errNumber
	}
	return room * 1000, err
}

// maxSharedWait is more than a bucket ever takes, in microseconds.
const maxSharedWait = int64(100 * 365 * 24 * time.Hour / time.Microsecond)

// Claim returns what the package claim would say of a delivery, for all
// Traefiks together.
func Claim(m *Cluster, key, token string) (int, error) {
	found, err := resp.Run(m.Client, claimScript, sharedKey(m, "delivery", key), []string{token, milliseconds(ClaimTime)})
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

func Commit(m *Cluster, key string, window time.Duration) {
	_, _ = resp.Run(m.Client, commitScript, sharedKey(m, "delivery", key), []string{milliseconds(window)})
}

func Release(m *Cluster, key, token string) {
	_, _ = resp.Run(m.Client, releaseScript, sharedKey(m, "delivery", key), []string{token})
}

// Fail counts a failure for all Traefiks together, and returns how long the
// client is banned for. Who is banned by one is so by another from its next
// failure on: the deliveries that pass need no look.
func Fail(m *Cluster, failures int64, window, duration time.Duration, client string) (time.Duration, error) {
	banned, err := resp.Run(m.Client, failScript, sharedKey(m, "ban", client), []string{
		strconv.FormatInt(failures, 10), milliseconds(window), milliseconds(duration),
	})
	if err == nil && (banned < 0 || banned > int64(bans.MaxBanDuration/time.Millisecond)) {
		err = errNumber
	}
	return time.Duration(banned) * time.Millisecond, err
}

// NewToken returns what a claim is known by.
func NewToken() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // which never fails: crypto/rand says so
	return hex.EncodeToString(b)
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt((int64(d)+int64(time.Millisecond)-1)/int64(time.Millisecond), 10)
}

// CloseLater leaves the old connections to those who have claimed something with
// them.
func CloseLater(client *resp.Client) {
	time.AfterFunc(ClaimTime, func() {
		defer func() { _ = recover() }()
		resp.Close(client)
	})
}
