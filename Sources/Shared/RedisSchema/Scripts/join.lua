-- Gives places in waiting rooms, in the order of the calls: a place is the next number of its room. A customer or a key that has
-- a place gets its number again, except if the place named as `former` is this place: then it is given up for a new one.
--
-- Three phases as in claim.lua: all reads precede all writes.
--
-- Reply: for each place a code and its detail (see JoinCode), then the server's time.
local now = clock()

-- The code and the detail with which a room refuses everybody; nil if it does not.
local function refusal(room)
  local event, counters = room.fields, room.counters
  if not event[1] then return EVENT_UNKNOWN, 0 end
  if event[4] == '1' then return RECOVERING, 0 end
  if not event[5] then return NO_ROOM, 0 end
  if not room.last or not room.numbers_until or counters[1] ~= event[1] then return RECOVERING, 0 end
  local closes_at, lobby_opens_at = tonumber(event[3] or ''), tonumber(event[6] or '')
  if closes_at and now >= closes_at then return CLOSED, 0 end
  if lobby_opens_at and now < lobby_opens_at then return NOT_OPEN, lobby_opens_at end
end

-- The numbers that the customers and keys of these places have.
local function read_known(room, first, last)
  local names = {}
  room.known = {}
  for i = first, last do
    local name = joins.name[i]
    if name ~= '' and room.known[name] == nil then
      room.known[name] = false
      names[#names + 1] = name
    end
  end
  if #names == 0 then return end
  local numbers = call('HMGET', room.places, unpack(names))
  for k = 1, #names do room.known[names[k]] = tonumber(numbers[k] or '') or false end
end

local writes = {}
local function join(room, i)
  local name = joins.name[i]
  local known = name ~= '' and room.known[name]
  if known and known ~= joins.former[i] then
    room.has_replay = true
    return REPLAYED, text(known) .. '|' .. room.fields[1]
  end
  if room.last >= room.numbers_until then return BUSY, 0 end
  room.last = room.last + 1
  if name ~= '' then
    room.known[name] = room.last
    room.new[#room.new + 1] = name
    room.new[#room.new + 1] = text(room.last)
  end
  return JOINED, text(room.last) .. '|' .. room.fields[1]
end

local answers, index = {}, 0
for _, room in ipairs(rooms) do
  room.fields = call('HMGET', room.event, 'generation', 'opens_at', 'closes_at', 'closed', 'admission_rate',
    'lobby_opens_at')
  room.counters = call('HMGET', room.room, 'generation', 'last', 'numbers_until', 'lobby')
  room.last, room.numbers_until = tonumber(room.counters[2] or ''), tonumber(room.counters[3] or '')
  local code, detail = refusal(room)
  local first = room.last
  room.new = {}
  if not code then read_known(room, index + 1, index + room.count) end
  for _ = 1, room.count do
    index = index + 1
    if code then
      answers[2 * index - 1], answers[2 * index] = code, detail
    else
      answers[2 * index - 1], answers[2 * index] = join(room, index)
    end
  end
  if not code and room.last > first then
    local command = { 'HSET', room.room, 'last', text(room.last) }
    if is_draw_due(room.counters[4], tonumber(room.fields[2] or ''), now) then
      for _, value in ipairs({ 'lobby', text(first), 'drawn_at', text(now) }) do command[#command + 1] = value end
    end
    writes[#writes + 1] = command
    if #room.new > 0 then writes[#writes + 1] = { 'HSET', room.places, unpack(room.new) } end
  elseif room.has_replay then
    -- As in claim.lua: the wait for replicas covers the place of a replay too, which another connection may have written.
    writes[#writes + 1] = { 'HSET', room.room, 'last', text(room.last) }
  end
end

for _, write in ipairs(writes) do call(unpack(write)) end
answers[#answers + 1] = now
return answers
