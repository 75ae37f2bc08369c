-- Admits people to the sales of events with a waiting room, as many as their rates allow since the last call. It can be called
-- at any time by any number of processes: the server's clock decides.
--
-- `marks` of a room are those that the ledger has committed. Nobody is admitted before the ledger has the draw, and nobody
-- beyond its mark.
--
-- `replicated` is the rank up to which the caller has admitted people and the replicas have confirmed it. Only that is shown to
-- people: who has seen a pass must not wait again because the primary was lost.
--
-- Reply: for each room its counters after the call (see RoomCounters), or nothing if it has none.

-- When the entry at the head of the queue was queued; nil if that is not known or the queue is empty. As in
-- OrderQueue+status.swift.
local function oldest_entry()
  local order = decode_order(call('LINDEX', queue, 0) or '')
  if not order then return nil end
  if order.state == 'pending' or order.state == 'held' then return tonumber(order.claimed_at) end
  if order.state == 'confirmed' then return tonumber(order.confirmed_at) end
  if order.state == 'expired' then return tonumber(order.expires_at) end
end

local now = clock()
local head = oldest_entry()
local is_behind = head ~= nil and now - head > longest_queue

local function certain(room, rank)
  return certain_people(tonumber(room.draw.lobby or '') or 0, room.uncertain_from, room.uncertain_until, rank)
end

-- How many of the next `count` ranks can be admitted so that no more passes are valid than units are available. Numbers that may
-- belong to nobody are not counted: each would keep a unit from everybody behind it until its pass ends.
local function affordable(room, count)
  local most = certain(room, room.admitted) + math.max(0, room.stock - room.outstanding)
  local low, high = 0, count
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if certain(room, room.admitted + middle) <= most then low = middle else high = middle - 1 end
  end
  return low
end

-- Why nobody can be admitted now; '' if somebody can.
local function stop(room)
  if room.closes_at and now >= room.closes_at then return 'closed' end
  if room.opens_at and now < room.opens_at then return 'not_open' end
  if room.paused then return 'paused' end
  if is_behind or room.draw.saved ~= '1' then return 'behind' end
  if room.stock == 0 then return room.held > 0 and 'all_held' or 'sold_out' end
  if affordable(room, 1) < 1 then return 'passes' end
  if room.admitted >= room.last then return 'empty' end
  if room.admitted >= room.admitted_until then return 'behind' end
  return ''
end

-- Reads a room; nil if the event or its room is missing, damaged or being reset.
local function read(row)
  local fields = call('HMGET', row.event, 'generation', 'stock', 'held', 'opens_at', 'closes_at', 'paused', 'closed',
    'admission_rate', 'pass_seconds', 'waiting')
  local counters = call('HMGET', row.room, 'generation', 'last', 'lobby', 'drawn_at', 'saved', 'admitted',
    'admitted_at', 'carry', 'outstanding', 'ticks', 'reason', 'numbers_until', 'admitted_until', 'shown',
    'uncertain_from', 'uncertain_until')
  local room = { stock = tonumber(fields[2] or ''), held = tonumber(fields[3] or ''),
    opens_at = tonumber(fields[4] or ''), closes_at = tonumber(fields[5] or ''), paused = fields[6] == '1',
    rate = tonumber(fields[8] or ''), pass = tonumber(fields[9] or ''), generation = counters[1],
    last = tonumber(counters[2] or ''), draw = { lobby = counters[3] or nil, at = counters[4] or '', saved = counters[5] },
    admitted = tonumber(counters[6] or ''), admitted_at = tonumber(counters[7] or ''), carry = tonumber(counters[8] or ''),
    outstanding = tonumber(counters[9] or ''), ticks = tonumber(counters[10] or ''), reason = counters[11] or '',
    numbers_until = tonumber(counters[12] or ''), admitted_until = tonumber(counters[13] or ''),
    shown = tonumber(counters[14] or '') or 0, uncertain_from = tonumber(counters[15] or '') or 0,
    uncertain_until = tonumber(counters[16] or '') or 0 }
  if not fields[1] or fields[1] ~= room.generation or fields[7] == '1' or not room.stock or not room.held
    or not room.rate or not room.pass or not room.last or not room.admitted or not room.admitted_at
    or not room.carry or not room.outstanding or not room.ticks or not room.numbers_until or not room.admitted_until then
    return nil
  end
  if fields[10] and fields[10] ~= '0' then
    -- What a place on the waiting list can have will be offered to it: claim.lua sells it to nobody.
    local wish = smallest_wish(row.waiting)
    if wish and room.stock >= wish then room.stock = 0 end
  end
  return room
end

-- The admissions whose passes have ended: their number, their fields in the hash, how many of the counted passes were not used,
-- and the rank up to which all passes have ended.
local function ended(row, room)
  local count, names, unused, sizes, until_rank = 0, {}, 0, {}, room.admitted
  for _, tick in ipairs(call('LRANGE', row.ticks, 0, 15)) do
    local from, to, at = string.match(tick, '^(%d+)|(%d+)|(%d+)$')
    if at and tonumber(at) > now then
      until_rank = tonumber(from)
      break
    end
    count = count + 1
    -- There may be more.
    if count == 16 then until_rank = tonumber(to or '0') end
    if at then
      names[#names + 1], sizes[#sizes + 1] = 'u' .. at, certain(room, tonumber(to)) - certain(room, tonumber(from))
    end
  end
  if #names > 0 then
    local used = call('HMGET', row.room, unpack(names))
    for k = 1, #names do unused = unused + math.max(0, sizes[k] - (tonumber(used[k] or '') or 0)) end
  end
  return count, names, unused, until_rank
end

-- How many are admitted now. Sets `carry`.
local function due(room)
  local most = math.max(1, room.rate)
  local thousandths = math.min(room.carry + (now - room.admitted_at) * room.rate, most * 1000 + 999)
  local count = math.floor(thousandths / 1000)
  room.carry = thousandths - count * 1000
  local limit = affordable(room, math.min(count, room.last - room.admitted, room.admitted_until - room.admitted))
  if limit < count then room.carry = 0 end
  return limit
end

-- The number up to which all numbers that have not been admitted yet certainly belong to people. After a loss of Redis that is
-- what the ledger knew, until those that may belong to nobody have had their turns.
local function numbers_given(room)
  local is_over = room.admitted >= room.uncertain_until
    and (room.admitted >= (tonumber(room.draw.lobby or '') or 0) or room.uncertain_until == 0)
  return is_over and room.last or room.uncertain_from
end

local writes, replies = {}, {}
for i, row in ipairs(rooms) do
  local room = read(row)
  if room then
    local count, names, unused, ended_until = ended(row, room)
    local fields = {}
    local function set(name, value)
      fields[#fields + 1], fields[#fields + 2] = name, value
    end
    if count > 0 then
      writes[#writes + 1] = { 'LTRIM', row.ticks, text(count), '-1' }
      if #names > 0 then writes[#writes + 1] = { 'HDEL', row.room, unpack(names) } end
      room.outstanding = math.max(0, room.outstanding - unused)
      set('outstanding', text(room.outstanding))
    end
    if row.generation == room.generation then
      if row.numbers_until > room.numbers_until then
        room.numbers_until = row.numbers_until
        set('numbers_until', text(room.numbers_until))
      end
      if row.admitted_until > room.admitted_until then
        room.admitted_until = row.admitted_until
        set('admitted_until', text(room.admitted_until))
      end
      -- The ledger's draw is the only one: whoever has seen a rank keeps it.
      if row.lobby ~= '' and (room.draw.saved ~= '1' or room.draw.lobby ~= row.lobby) then
        room.draw = { lobby = row.lobby, at = row.drawn_at, saved = '1' }
        set('lobby', row.lobby)
        set('drawn_at', row.drawn_at)
        set('saved', '1')
      end
    end
    if is_draw_due(room.draw.lobby, room.opens_at, now) then
      room.draw = { lobby = text(room.last), at = text(now) }
      set('lobby', room.draw.lobby)
      set('drawn_at', room.draw.at)
    end
    local replicated = math.min(row.replicated, room.admitted)
    if text(row.replicated_in) == room.generation and replicated > room.shown then
      room.shown = replicated
      set('shown', text(replicated))
    end
    local reason = stop(room)
    if reason ~= room.reason then
      -- Admission begins anew without what was due while it stood still.
      set('reason', reason)
      set('admitted_at', text(now))
      set('carry', '0')
    elseif reason == '' and now - room.admitted_at >= math.max(shortest_tick, room.pass / 3) then
      local admitted = due(room)
      if admitted > 0 then
        local ends = text(now + room.pass * 1000)
        writes[#writes + 1] = { 'RPUSH', row.ticks,
          text(room.admitted) .. '|' .. text(room.admitted + admitted) .. '|' .. ends }
        room.outstanding = room.outstanding + certain(room, room.admitted + admitted) - certain(room, room.admitted)
        room.admitted = room.admitted + admitted
        room.ticks = room.ticks + 1
        set('admitted', text(room.admitted))
        set('outstanding', text(room.outstanding))
        set('ticks', text(room.ticks))
        set('admitted_at', text(now))
        set('carry', text(room.carry))
      end
    end
    -- As in claim.lua: the caller's wait for replicas covers what other callers have admitted too.
    if room.admitted > room.shown and #fields == 0 then set('admitted', text(room.admitted)) end
    if #fields > 0 then writes[#writes + 1] = { 'HSET', row.room, unpack(fields) } end
    replies[i] = { room.generation, room.last, room.admitted, room.numbers_until, room.admitted_until, room.rate,
      room.draw.lobby or '', room.draw.at, room.draw.saved == '1' and 1 or 0, ended_until, room.shown, numbers_given(room) }
  else
    replies[i] = {}
  end
end

for _, write in ipairs(writes) do call(unpack(write)) end
return replies
