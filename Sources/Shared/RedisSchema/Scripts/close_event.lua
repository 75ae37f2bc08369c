-- Closes an event for a reset: claims are refused until it is published again.
local known = call('HGET', event, 'revision')
if call('EXISTS', event) == 1 and (tonumber(known or '') or 0) <= revision then
  call('HSET', event, 'closed', '1', 'revision', revision)
end
return 1
