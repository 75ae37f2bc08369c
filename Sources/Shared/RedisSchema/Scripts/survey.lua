#!lua flags=no-writes
-- An event's counters, units of customers, and every entry that is on its way to the ledger, of one moment.
--
-- KEYS  event, queue, dead letters, leases, customers, then the lists of the leased batches
-- ARGV  event's id, most entries to look through, number of customers, their names, then the tokens of the leased batches
-- Answer: 1 where the batches are others meanwhile, to be asked again; 2 and the number of entries where there are too
-- many; otherwise 0, generation, capacity, stock, pending, held, sold ('' for what is missing), how many entries cannot be
-- read, the units of each customer, then the entries of the event.
local call = redis.call
local tokens = call('ZRANGE', KEYS[4], 0, -1)
local customers = tonumber(ARGV[3])
if #tokens ~= #ARGV - 3 - customers then return { 1 } end
local wanted = {}
for i = 4 + customers, #ARGV do wanted[ARGV[i]] = true end
for _, token in ipairs(tokens) do
  if not wanted[token] then return { 1 } end
end
local total = call('LLEN', KEYS[2]) + call('HLEN', KEYS[3])
for i = 6, #KEYS do total = total + call('LLEN', KEYS[i]) end
if total > tonumber(ARGV[2]) then return { 2, total } end

local answer, unreadable, needle = { 0 }, 0, '|' .. ARGV[1] .. '|'
for i, value in ipairs(call('HMGET', KEYS[1], 'generation', 'capacity', 'stock', 'pending', 'held', 'sold')) do
  answer[1 + i] = value or ''
end
answer[8] = 0
for first = 1, customers, 1000 do
  local names = {}
  for i = first, math.min(first + 999, customers) do names[#names + 1] = ARGV[3 + i] end
  local units = call('HMGET', KEYS[5], unpack(names))
  for i = 1, #names do answer[#answer + 1] = units[i] or 0 end
end
local function look(entry)
  local form = string.sub(entry, 1, 2)
  if form ~= '1|' and form ~= '2|' then
    unreadable = unreadable + 1
  elseif string.find(entry, needle, 1, true) then
    answer[#answer + 1] = entry
  end
end
for _, letter in ipairs(call('HVALS', KEYS[3])) do look(string.match(letter, '^%d+|[^|]*|(.*)$') or '') end
for _, entry in ipairs(call('LRANGE', KEYS[2], 0, -1)) do look(entry) end
for i = 6, #KEYS do
  for _, entry in ipairs(call('LRANGE', KEYS[i], 0, -1)) do look(entry) end
end
answer[8] = unreadable
return answer
