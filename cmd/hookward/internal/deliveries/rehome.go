package deliveries

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"time"

	"github.com/hookward/hookward/internal/lease"
	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/store"
)

// rehomeScript gives a delivery in Redis other bytes, which name another router, and an owner that is
// silent from then on: its owner before forgets it, and whoever takes it over after redisstore.Life
// reads it anew. The keys are those of internal/redisstore. ARGV: id, that owner, state, content
var rehomeScript = resp.NewTexts(`-- rehome
local p, id, me = KEYS[1], ARGV[1], ARGV[2]
local e = p .. 'e:' .. id
local h = redis.call('HMGET', e, 'owner', 'entry', 'size', 'until')
if not h[2] or string.match(h[2], '^(%a+)/') ~= ARGV[3] then return {'gone'} end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if h[4] and tonumber(h[4]) > now then return {'tried'} end
redis.call('HSET', e, 'owner', me, 'size', #ARGV[4])
redis.call('SET', p .. 'b:' .. id, ARGV[4])
redis.call('INCRBY', p .. 'bytes', #ARGV[4] - h[3])
redis.call('SREM', p .. 'own:' .. h[1], id)
redis.call('SADD', p .. 'own:' .. me, id)
redis.call('SADD', p .. 'taken:' .. h[1], id)
redis.call('PEXPIRE', p .. 'taken:' .. h[1], 86400000)
redis.call('HINCRBY', p .. 'revisions', h[1], 1)
redis.call('ZADD', p .. 'members', now, me)
return {'ok'}`)

// rehoming returns a store in which Put gives a delivery that is in Redis other bytes.
func rehoming(server resp.Options, middleware string, keys []*store.Key) *store.Store {
	client := resp.NewClient(server, func(_, _ string, _ time.Time) {}) // what fails is returned
	random := make([]byte, 8)
	_, _ = rand.Read(random) // which never fails: crypto/rand says so
	owner := hex.EncodeToString(random)
	put := func(e *store.Entry, _ string, content []byte) error {
		answer, err := resp.RunTexts(client, rehomeScript, "hookward:store:"+lease.Tag(middleware)+":", []string{e.ID, owner, e.State, string(content)})
		switch {
		case err != nil:
			return err
		case len(answer) == 1 && answer[0] == "ok":
			return nil
		case len(answer) == 1 && answer[0] == "tried":
			return errors.New("is being tried at this moment")
		}
		return os.ErrNotExist
	}
	return store.NewShared(&store.Medium{Put: put}, middleware, keys)
}
