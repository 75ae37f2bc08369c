-- The ends of holds, for events that count their holders: see holders.lua. The sorted set `lapsed` has the holders whose holds
-- lapsed; the score is the time at which that is forgotten. Times are milliseconds.
local LONGEST_PAUSE, LAPSES_REMEMBERED = 3600000, 3600000

local function write_holder(holders, name, holder)
  if holder.orders == 0 and holder.holds == 0 and holder.lapses == 0 then
    call('HDEL', holders, name)
  else
    call('HSET', holders, name, encode_holder(holder))
  end
end

-- Notes the end of a hold by a transition to `state`.
--
-- pause: the seconds of the first pause; nil if there are no pauses.
local function end_hold(holders, lapsed, id, state, pause, now)
  local name = call('HGET', holders, 'o' .. id)
  if not name then return end
  call('HDEL', holders, 'o' .. id)
  local holder = decode_holder(call('HGET', holders, name))
  holder.holds = math.max(0, holder.holds - 1)
  if state == 'expired' and pause then
    holder.lapses = holder.lapses + 1
    holder.paused_until = now + math.min(LONGEST_PAUSE, pause * 1000 * 2 ^ math.min(holder.lapses - 1, 20))
    call('ZADD', lapsed, text(holder.paused_until + LAPSES_REMEMBERED), name)
  elseif state == 'confirmed' and holder.lapses > 0 then
    holder.lapses, holder.paused_until = 0, 0
    call('ZREM', lapsed, name)
  elseif state == 'rejected' then
    holder.orders = math.max(0, holder.orders - 1)
  end
  write_holder(holders, name, holder)
end

-- Forgets the holds that lapsed long ago, of some holders.
local function forget_lapses(holders, lapsed, now)
  for _, name in ipairs(call('ZRANGE', lapsed, '-inf', text(now), 'BYSCORE', 'LIMIT', 0, 256)) do
    local holder = decode_holder(call('HGET', holders, name))
    holder.lapses, holder.paused_until = 0, 0
    write_holder(holders, name, holder)
    call('ZREM', lapsed, name)
  end
end
