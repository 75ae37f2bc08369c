-- The waiting list of an event: a sorted set of the ids of the orders that wait. The score is the quantity times WISH, plus the
-- time of joining in milliseconds: so the places that want the same number of units are next to each other, in the order of
-- joining, and the smallest wish is first. With quantities up to 1,000 a score is below 2^53, so it is exact. A hash has
-- the order of each customer's place.
local WISH = 2 ^ 42
local function place_score(quantity, joined_at) return text(quantity * WISH + joined_at) end

-- How many units the most modest place wants; nil if nobody waits. claim.lua has its own, without this prelude.
local function smallest_wish(waiting)
  local first = call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
  return first[2] and math.floor(first[2] / WISH)
end

-- The place of a quantity that follows a number of others in the order of joining; nil if there is none.
local function place_after(waiting, quantity, count)
  local found = call('ZRANGE', waiting, text(quantity * WISH), text((quantity + 1) * WISH - 1), 'BYSCORE',
    'LIMIT', count, 1, 'WITHSCORES')
  if not found[1] then return nil end
  return { id = found[1], quantity = quantity, joined_at = found[2] - quantity * WISH, count = count }
end

-- The first place of each quantity up to a maximum. One command for each quantity that some place wants.
local function first_places(waiting, maximum)
  local places, quantity = {}, 1
  while quantity <= maximum do
    local found = call('ZRANGE', waiting, text(quantity * WISH), '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    if not found[1] then break end
    quantity = math.floor(found[2] / WISH)
    if quantity > maximum then break end
    places[quantity] = { id = found[1], quantity = quantity, joined_at = found[2] - quantity * WISH, count = 0 }
    quantity = quantity + 1
  end
  return places
end

-- The places that get units next, in this order: first fit. The earliest place that wants no more than what is left is next,
-- also if an earlier one wants more.
local function next_places(waiting, stock, limit)
  local heads, chosen = first_places(waiting, stock), {}
  while #chosen < limit do
    local first
    for _, head in pairs(heads) do
      if head.quantity <= stock and (not first or head.joined_at < first.joined_at
        or head.joined_at == first.joined_at and head.id < first.id) then
        first = head
      end
    end
    if not first then break end
    chosen[#chosen + 1] = first
    stock = stock - first.quantity
    heads[first.quantity] = place_after(waiting, first.quantity, first.count + 1)
  end
  return chosen
end
