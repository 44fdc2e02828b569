/**
 * What both scripts need.
 *
 * Orders are compared as text: 74 characters of [0-9a-f], which sort so in every locale, and Lua's numbers would
 * round them. Of equal orders the greater attributes win, compared as bytes: Lua's < follows the locale that the
 * server was started with. The first byte that differs is found by halving, as a text may have a million of them
 * and holds up the whole server meanwhile. Attributes that are missing count as less than any.
 *
 * Offsets are compared as numbers: below 10^15 they are exact. A progress that we cannot have written (Lua reads
 * "1e400", "0x10" and "nan" as numbers) counts as none.
 */
const SHARED_FUNCTIONS = `
local function isGreater(text, other)
  if text == other then return false end
  local low, high = 1, math.max(#text, #other)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if string.sub(text, low, middle) == string.sub(other, low, middle) then low = middle + 1 else high = middle end
  end
  return (string.byte(text, low) or -1) > (string.byte(other, low) or -1)
end

local function storedProgress()
  local stored = redis.call('GET', KEYS[1])
  if stored and #stored <= 15 and string.find(stored, '^%d+$') then return tonumber(stored), stored end
  return 0, stored
end

-- Writes the users from KEYS[first] on, whose five values each begin at ARGV[from], where they are newer.
local function writeNewer(first, from)
  local written = 0
  for user = first, #KEYS do
    local at = 5 * (user - first) + from
    local order = redis.call('HGET', KEYS[user], 'order')
    if not order or ARGV[at] > order or ARGV[at] == order
        and isGreater(ARGV[at + 3], redis.call('HGET', KEYS[user], 'attributes') or '') then
      redis.call('HSET', KEYS[user], 'order', ARGV[at], 'time_stamp', ARGV[at + 1], 'sts', ARGV[at + 2],
        'attributes', ARGV[at + 3], 'source', ARGV[at + 4])
      written = written + 1
    end
  end
  return written
end
`;

/**
 * Makes one bucket's update inside the server, in one atomic step.
 *
 * KEYS[1]  the bucket's progress
 * KEYS[n]  n ≥ 2: users' hashes, all in the slot of KEYS[1]
 * ARGV[1]  the progress that must be stored at least; 0 expects nothing
 * ARGV[2]  the bucket's progress after this call
 * ARGV[…]  five for each user: order, time_stamp, sts, attributes, source
 * Reply    {0, users written}, or {1, progress stored} where less is stored than expected: then nothing changed
 */
export const UPSERT_SCRIPT = `${SHARED_FUNCTIONS}
local progress, stored = storedProgress()
if progress < tonumber(ARGV[1]) then return {1, progress} end
local written = writeNewer(2, 3)
if not stored or tonumber(ARGV[2]) > progress then redis.call('SET', KEYS[1], ARGV[2]) end
return {0, written}
`;

/**
 * Makes one call of a bucket's rebuild inside the server, in one atomic step. It may run twice: a count of calls that
 * is greater than expected is as good.
 *
 * KEYS[1]  the bucket's progress
 * KEYS[2]  the rebuild's hash: its id, and how many calls it has made
 * KEYS[n]  n ≥ 3: users' hashes, all in the slot of KEYS[1]
 * ARGV[1]  the rebuild's id
 * ARGV[2]  calls of this rebuild that must be stored at least; 0 expects nothing
 * ARGV[3]  the bucket's progress, which ends the rebuild; empty in all calls but the last
 * ARGV[…]  five for each user: order, time_stamp, sts, attributes, source
 * Reply    {0, users written}, or {1, progress stored} where calls of this rebuild are lost: then nothing changed
 */
export const REBUILD_SCRIPT = `${SHARED_FUNCTIONS}
local progress = storedProgress()
local reached = tonumber(ARGV[3])
if reached and progress >= reached then return {0, 0} end

local expected = tonumber(ARGV[2])
local calls = 0
if redis.call('HGET', KEYS[2], 'id') == ARGV[1] then calls = tonumber(redis.call('HGET', KEYS[2], 'calls')) or 0 end
if calls < expected then return {1, progress} end

local written = writeNewer(3, 4)
if reached then
  redis.call('SET', KEYS[1], ARGV[3])
  redis.call('DEL', KEYS[2])
else
  redis.call('HSET', KEYS[2], 'id', ARGV[1], 'calls', math.max(calls, expected + 1))
end
return {0, written}
`;

/** The first number of the reply. */
export const REPLY = { applied: 0, behind: 1 } as const;
