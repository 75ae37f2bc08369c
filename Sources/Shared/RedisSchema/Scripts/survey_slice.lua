-- Reads a part of the entries of one list, for an event whose entries are too many for one call of survey.lua.
--
-- The position of an entry of the queue is its index when the survey began. Takes have removed entries from the head
-- since: `taken` counts all entries that were ever taken, and `taken_before` is its value at that time. The entries that
-- are not in the queue any more are in batches that were leased since.
--
-- Reply: the position after the part; the number of entries that cannot be read; then the entries of the event. The
-- position is 0 if the list does not exist.
local shift = 0
if is_queue then shift = (tonumber(call('GET', taken) or '') or 0) - taken_before end
local first = math.max(position, shift)
local last = math.min(first + limit, stop) - 1
local entries = last >= first and call('LRANGE', list, first - shift, last - shift) or {}
local answer, unreadable, needle = { first + #entries, 0 }, 0, '|' .. id .. '|'
if not is_queue and call('EXISTS', list) == 0 then answer[1] = 0 end
for _, entry in ipairs(entries) do
  local form = string.sub(entry, 1, 2)
  if form ~= '1|' and form ~= '2|' and form ~= '3|' then
    unreadable = unreadable + 1
  elseif string.find(entry, needle, 1, true) then
    answer[#answer + 1] = entry
  end
end
answer[2] = unreadable
return answer
