-- Reads an event's counters, the units of some of its customers, and every entry that is queued, leased or
-- dead-lettered, as of one moment.
--
-- Reply: BATCHES_CHANGED if other batches are leased by now: the caller repeats the call. TOO_MANY and the number of
-- entries. Otherwise FOUND, generation, capacity, stock, pending, held, sold ('' if missing), how many entries cannot
-- be read, the units of each customer, then the entries of the event.
local tokens = call('ZRANGE', leases, 0, -1)
if #tokens ~= #batches then return { BATCHES_CHANGED } end
local named = {}
for _, batch in ipairs(batches) do named[batch.token] = true end
for _, token in ipairs(tokens) do
  if not named[token] then return { BATCHES_CHANGED } end
end
local total = call('LLEN', queue) + call('HLEN', dead_letters)
for _, batch in ipairs(batches) do total = total + call('LLEN', batch.list) end
if total > limit then return { TOO_MANY, total } end

local answer, unreadable, needle = { FOUND }, 0, '|' .. id .. '|'
for i, value in ipairs(call('HMGET', event, 'generation', 'capacity', 'stock', 'pending', 'held', 'sold')) do
  answer[1 + i] = value or ''
end
answer[8] = 0
for first = 1, #requested_customers, 1000 do
  local names = {}
  for i = first, math.min(first + 999, #requested_customers) do names[#names + 1] = requested_customers[i].name end
  local units = call('HMGET', customers, unpack(names))
  for i = 1, #names do answer[#answer + 1] = units[i] or 0 end
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
