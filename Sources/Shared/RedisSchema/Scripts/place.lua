-- Reads the position of a place on the waiting list of an event: how many places were taken before it, and one. A place that
-- wants less can get its offer first.
--
-- Reply: the position, or 0 if the order has no place.
local score = call('ZSCORE', waiting, id)
if not score then return 0 end
local joined_at, ahead, quantity = score % WISH, 0, 1
while true do
  local found = call('ZRANGE', waiting, text(quantity * WISH), '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
  if not found[1] then return ahead + 1 end
  quantity = math.floor(found[2] / WISH)
  ahead = ahead + call('ZCOUNT', waiting, text(quantity * WISH), '(' .. place_score(quantity, joined_at))
  quantity = quantity + 1
end
