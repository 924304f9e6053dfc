package redisstore

import "github.com/hookward/hookward/internal/resp"

// All keys begin with KEYS[1], whose tag has a cluster keep them in one place:
//
//	e:ID       what changes about a delivery: its entry, owner, claim and size
//	b:ID       its bytes, as a file would have them
//	waiting, dead, own:OWNER  sets of ids
//	members    owners, by when each was there last, in milliseconds; 0 has given up
//	revisions  of each owner: how often somebody else has changed what is its own
//	graves     ids of the dead, by claim
//	taken:OWNER  ids that were an owner's, and that others have had since, for a day
//	bytes, attempts, changes, actions:OWNER
//
// Each script does one thing to one delivery, or to a bounded number of them. A server that
// is full refuses the first write of a script, unless that only takes away: so what must go
// on there begins with such a one. The first line is a name, for tests.
const (
	clock = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`

	// A delivery that is another's is gone for the caller, unless it is trying that still.
	mine = clock + `local p, id, me = KEYS[1], ARGV[1], ARGV[2]
local e = p .. 'e:' .. id
local h = redis.call('HMGET', e, 'owner', 'entry', 'claim', 'window', 'size', 'until', 'by')
local owner, claim, window = h[1], h[3], h[4]
local foreign = ARGV[3] == '0' and owner ~= me
local trying = h[6] and h[7] == me and tonumber(h[6]) > now
if not h[2] or foreign and not trying then return {'gone'} end
local state = string.match(h[2], '^(%a+)/')
`
)

// The first notes that somebody else has had what was an owner's: so it is not lost for that
// one. The second gives an owner what was another's.
const took = `local function took(p, owner, id)
  redis.call('SADD', p .. 'taken:' .. owner, id)
  redis.call('PEXPIRE', p .. 'taken:' .. owner, 86400000)
end
local function got(p, me, id)
  redis.call('SREM', p .. 'taken:' .. me, id)
  redis.call('SADD', p .. 'own:' .. me, id)
end
`

var (
	// ARGV: id, owner, entry, state, content, claim, window, maxDeliveries, maxBytes
	putScript = resp.NewTexts(`-- put
local p, id, me, state, claim = KEYS[1], ARGV[1], ARGV[2], ARGV[4], ARGV[6]
local e, size = p .. 'e:' .. id, #ARGV[5]
if redis.call('EXISTS', e) == 1 then return {'stored'} end
if claim ~= '' then
  local v = redis.call('GET', claim)
  if v == 'stored' or v == 'done' then return {'there'} end
end
local dead = redis.call('SCARD', p .. 'dead')
local n = redis.call('SCARD', p .. 'waiting') + dead
if n >= tonumber(ARGV[8]) then return {'full', 'maxDeliveries', tostring(n), tostring(dead)} end
if tonumber(redis.call('GET', p .. 'bytes') or '0') + size > tonumber(ARGV[9]) then return {'full', 'maxBytes', tostring(n), tostring(dead)} end
redis.call('HSET', e, 'entry', ARGV[3], 'owner', me, 'size', size, 'claim', claim, 'window', ARGV[7])
redis.call('SET', p .. 'b:' .. id, ARGV[5])
redis.call('SADD', p .. state, id)
redis.call('SADD', p .. 'own:' .. me, id)
redis.call('INCRBY', p .. 'bytes', size)
if claim ~= '' and state == 'waiting' then redis.call('SET', claim, 'stored', 'PX', ARGV[7]) end
if claim ~= '' and state == 'dead' then redis.call('HSET', p .. 'graves', claim, id) end
` + clock + `redis.call('ZADD', p .. 'members', 'NX', now, me)
return {'stored'}`)

	// ARGV: id, owner, force, milliseconds
	leaseScript = resp.NewTexts(`-- lease
` + mine + `if state ~= 'waiting' or foreign then return {'gone'} end
if h[6] and h[7] ~= me and tonumber(h[6]) > now then return {'leased'} end
local b = redis.call('GET', p .. 'b:' .. id)
if not b then return {'lost'} end
redis.call('HDEL', e, 'until')
redis.call('HSET', e, 'until', now + ARGV[4], 'by', me)
return {'ok', b}`)

	// What is dead waits again only if its claim can be had: its sender may have sent it again.
	// ARGV: id, owner, force, state, new state, new entry
	moveScript = resp.NewTexts(`-- move
` + mine + `local to = ARGV[5]
if state ~= ARGV[4] and state ~= to then return {'gone'} end
local v = claim ~= '' and redis.call('GET', claim)
if v and state == 'dead' and to == 'waiting' then
  if v == 'stored' or v == 'done' then return {v} end
  return {'claimed'}
end
redis.call('HDEL', e, 'until', 'by', 'seen')
redis.call('HSET', e, 'entry', ARGV[6])
if state ~= to then
  redis.call('SREM', p .. state, id)
  redis.call('SADD', p .. to, id)
end
if claim ~= '' and (state ~= to or to == 'waiting') then
  if to == 'dead' then
    if v == 'stored' then redis.call('DEL', claim) end
    redis.call('HSET', p .. 'graves', claim, id)
  else
    if not v or v == 'stored' then redis.call('SET', claim, 'stored', 'PX', window) end
    if redis.call('HGET', p .. 'graves', claim) == id then redis.call('HDEL', p .. 'graves', claim) end
  end
end
if owner ~= me then redis.call('HINCRBY', p .. 'revisions', owner, 1) end
return {'ok'}`)

	// ARGV: ids
	renewScript = resp.NewTexts(`-- renew stored
local p = KEYS[1]
for i = 1, #ARGV - 1 do
  local h = redis.call('HMGET', p .. 'e:' .. ARGV[i], 'entry', 'claim', 'window')
  if h[1] and h[2] ~= '' and string.match(h[1], '^waiting/') then
    local v = redis.call('GET', h[2])
    if v == 'stored' then redis.call('PEXPIRE', h[2], h[3]) end
    if not v then redis.pcall('SET', h[2], 'stored', 'PX', h[3]) end
  end
end
return {'ok'}`)

	// One that waits has arrived, unless it is dropped. ARGV: id, owner, force, state, dropped
	removeScript = resp.NewTexts(`-- remove
` + took + mine + `if state ~= ARGV[4] then return {'gone'} end
redis.call('DEL', p .. 'b:' .. id, e)
redis.call('SREM', p .. state, id)
redis.call('SREM', p .. 'own:' .. owner, id)
redis.call('DECRBY', p .. 'bytes', h[5])
if claim ~= '' then
  if state == 'waiting' and redis.call('GET', claim) == 'stored' then
    redis.call('DEL', claim)
    if ARGV[5] == '0' then redis.call('SET', claim, 'done', 'PX', window) end
  end
  if redis.call('HGET', p .. 'graves', claim) == id then redis.call('HDEL', p .. 'graves', claim) end
end
if owner ~= me then
  redis.call('HINCRBY', p .. 'revisions', owner, 1)
  took(p, owner, id)
end
return {'ok'}`)

	// It takes over what an owner has left that has given up or, where the caller may judge
	// that, is silent. ARGV: owner, milliseconds of silence or '', how many at once
	ownScript = resp.NewTexts(`-- own
` + took + `local p, me, most = KEYS[1], ARGV[1], tonumber(ARGV[3])
` + clock + `local members, own = p .. 'members', p .. 'own:' .. me
redis.call('ZREM', members, me)
redis.call('ZADD', members, now, me)
local left = redis.call('ZRANGEBYSCORE', members, '-inf', 0, 'LIMIT', 0, 1)[1]
if not left and ARGV[2] ~= '' then left = redis.call('ZRANGEBYSCORE', members, '-inf', now - ARGV[2], 'LIMIT', 0, 1)[1] end
local taken = 0
if left then
  local seen = tonumber(redis.call('ZSCORE', members, left))
  if seen == 0 then seen = now end
  local ids = redis.call('SPOP', p .. 'own:' .. left, most)
  for _, id in ipairs(ids) do
    took(p, left, id)
    if redis.call('EXISTS', p .. 'e:' .. id) == 1 then
      redis.call('HSET', p .. 'e:' .. id, 'owner', me, 'seen', seen)
      got(p, me, id)
    end
  end
  local actions = p .. 'actions:' .. left
  for _, line in ipairs(redis.call('LRANGE', actions, 0, most - 1)) do redis.call('RPUSH', p .. 'actions:' .. me, line) end
  redis.call('LTRIM', actions, most, -1)
  taken = #ids
  if redis.call('EXISTS', p .. 'own:' .. left, actions) == 0 then
    redis.call('ZREM', members, left)
    redis.call('HDEL', p .. 'revisions', left)
  else
    taken = most
  end
  redis.call('HINCRBY', p .. 'revisions', me, 1)
end
return {tostring(taken), tostring(redis.call('SCARD', own)), redis.call('HGET', p .. 'revisions', me) or '0', tostring(redis.call('HLEN', p .. 'graves')),
  tostring(redis.call('SCARD', p .. 'waiting')), tostring(redis.call('SCARD', p .. 'dead')), redis.call('GET', p .. 'bytes') or '0'}`)

	// ARGV: owner
	disownScript = resp.NewTexts(`-- disown
local p, me = KEYS[1], ARGV[1]
redis.call('ZREM', p .. 'members', me)
if redis.call('EXISTS', p .. 'own:' .. me, p .. 'actions:' .. me) > 0 then redis.call('ZADD', p .. 'members', 0, me) end
return {'ok'}`)

	// ARGV: milliseconds of silence
	aliveScript = resp.NewTexts(`-- alive
` + clock + `return {tostring(redis.call('ZCOUNT', KEYS[1] .. 'members', now - ARGV[1], '+inf'))}`)

	sizeScript = resp.NewTexts(`-- size
return {tostring(redis.call('SCARD', KEYS[1] .. 'waiting') + redis.call('SCARD', KEYS[1] .. 'dead'))}`)

	// ARGV: owner, set, cursor, how many
	listScript = resp.NewTexts(`-- list
local p, me = KEYS[1], ARGV[1]
` + clock + `local page = redis.call('SSCAN', p .. ARGV[2], ARGV[3], 'COUNT', ARGV[4])
local found = {page[1]}
for _, id in ipairs(page[2]) do
  local h = redis.call('HMGET', p .. 'e:' .. id, 'entry', 'size', 'until', 'by', 'seen')
  local wait = 0
  if h[3] and h[4] ~= me then wait = math.max(0, h[3] - now) end
  table.insert(found, h[1] or '')
  table.insert(found, h[2] or '0')
  table.insert(found, tostring(wait))
  table.insert(found, h[5] or '0')
end
return found`)

	// ARGV: id
	findScript = resp.NewTexts(`-- find
local h = redis.call('HMGET', KEYS[1] .. 'e:' .. ARGV[1], 'entry', 'size')
if not h[1] then return {} end
return {h[1], h[2]}`)

	// ARGV: id, from, to
	readScript = resp.NewTexts(`-- read
local b = redis.call('GETRANGE', KEYS[1] .. 'b:' .. ARGV[1], ARGV[2], ARGV[3])
if b == '' and redis.call('EXISTS', KEYS[1] .. 'e:' .. ARGV[1]) == 1 then return {'', 'lost'} end
if b == '' then return {} end
return {b}`)

	// ARGV: owner, claims
	fetchScript = resp.NewTexts(`-- fetch
` + took + `local p, me = KEYS[1], ARGV[1]
local found = {}
for i = 2, #ARGV - 1 do
  local id = redis.call('HGET', p .. 'graves', ARGV[i])
  local h = id and redis.call('HMGET', p .. 'e:' .. id, 'owner', 'entry', 'size') or {}
  if h[2] then
    redis.call('SREM', p .. 'own:' .. h[1], id)
    redis.call('HSET', p .. 'e:' .. id, 'owner', me)
    got(p, me, id)
    if h[1] ~= me then
      redis.call('HINCRBY', p .. 'revisions', h[1], 1)
      took(p, h[1], id)
    end
    table.insert(found, h[2])
    table.insert(found, h[3])
  end
end
return found`)

	// ARGV: id, owner
	takenScript = resp.NewTexts(`-- taken
return {tostring(redis.call('SISMEMBER', KEYS[1] .. 'taken:' .. ARGV[2], ARGV[1]))}`)

	// ARGV: line, how many are kept
	noteScript = resp.NewTexts(`-- note
redis.call('LPUSH', KEYS[1] .. 'attempts', ARGV[1])
redis.call('LTRIM', KEYS[1] .. 'attempts', 0, ARGV[2] - 1)
return {}`)

	// ARGV: owner, line, how many are kept
	actionScript = resp.NewTexts(`-- action
local p, me, line = KEYS[1], ARGV[1], ARGV[2]
if redis.call('LINDEX', p .. 'changes', -1) == line then return {'ok'} end
redis.call('LTRIM', p .. 'changes', 1 - ARGV[3], -1)
redis.call('RPUSH', p .. 'changes', line)
redis.call('RPUSH', p .. 'actions:' .. me, line)
` + clock + `redis.call('ZADD', p .. 'members', 'NX', now, me)
return {'ok'}`)

	// ARGV: list, from, to
	linesScript = resp.NewTexts(`-- lines
return redis.call('LRANGE', KEYS[1] .. ARGV[1], ARGV[2], ARGV[3])`)

	// ARGV: owner, lines
	toldScript = resp.NewTexts(`-- told
for i = 2, #ARGV - 1 do redis.call('LREM', KEYS[1] .. 'actions:' .. ARGV[1], 1, ARGV[i]) end
return {}`)

	// ARGV: middleware
	nameScript = resp.NewTexts(`-- name
redis.call('SADD', KEYS[1], ARGV[1])
return {}`)

	namesScript = resp.NewTexts(`-- names
return redis.call('SMEMBERS', KEYS[1])`)
)
