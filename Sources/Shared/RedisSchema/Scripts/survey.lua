-- Reads an event's counters, the units of some of its customers, and every entry that is queued, leased or
-- dead-lettered, as of one moment.
--
-- Reply: BATCHES_CHANGED if other batches are leased by now: the caller repeats the call. Otherwise FOUND, or TOO_MANY if
-- there are more entries than the limit; generation, capacity, stock, pending, held, sold ('' if missing); how many
-- entries cannot be read; the numbers of entries of the queue, of entries that were ever taken from it, and of dead
-- letters; the units of each customer; with FOUND the entries of the event.
local tokens = call('ZRANGE', leases, 0, -1)
if #tokens ~= #batches then return { BATCHES_CHANGED } end
local named = {}
for _, batch in ipairs(batches) do named[batch.token] = true end
for _, token in ipairs(tokens) do
  if not named[token] then return { BATCHES_CHANGED } end
end
local queued, letters = call('LLEN', queue), call('HLEN', dead_letters)
local total = queued + letters
for _, batch in ipairs(batches) do total = total + call('LLEN', batch.list) end

local answer, unreadable, needle = { FOUND }, 0, '|' .. id .. '|'
for i, value in ipairs(call('HMGET', event, 'generation', 'capacity', 'stock', 'pending', 'held', 'sold')) do
  answer[1 + i] = value or ''
end
answer[8], answer[9], answer[10], answer[11] = 0, queued, tonumber(call('GET', taken) or '') or 0, letters
for first = 1, #requested_customers, 1000 do
  local names = {}
  for i = first, math.min(first + 999, #requested_customers) do names[#names + 1] = requested_customers[i].name end
  local units = call('HMGET', customers, unpack(names))
  for i = 1, #names do answer[#answer + 1] = units[i] or 0 end
end
if total > limit then
  answer[1] = TOO_MANY
  return answer
end
local function add(entry)
  local form = string.sub(entry, 1, 2)
  if form ~= '1|' and form ~= '2|' and form ~= '3|' then
    unreadable = unreadable + 1
  elseif string.find(entry, needle, 1, true) then
    answer[#answer + 1] = entry
  end
end
for _, letter in ipairs(call('HVALS', dead_letters)) do add(string.match(letter, '^%d+|[^|]*|(.*)$') or '') end
for _, entry in ipairs(call('LRANGE', queue, 0, -1)) do add(entry) end
for _, batch in ipairs(batches) do
  for _, entry in ipairs(call('LRANGE', batch.list, 0, -1)) do add(entry) end
end
answer[8] = unreadable
return answer
