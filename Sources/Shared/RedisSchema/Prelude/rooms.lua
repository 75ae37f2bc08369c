-- The waiting room of an event, a hash:
--   generation      of the event
--   last            the last number that was given
--   lobby, drawn_at the number of places in the lobby and when it was drawn; absent before the draw
--   saved           `1` if the ledger has the draw: only then may anybody be admitted
--   admitted        the rank up to which people are admitted
--   shown           the rank up to which the replicas are known to have the admissions: what people see
--   admitted_at     when admission was last considered
--   carry           the thousandths of a person that were due beyond those admitted
--   outstanding     the passes that are valid and were not used, of those that certainly belong to people
--   ticks           the number of admissions since the room exists
--   u<time>         how many passes of the admission whose passes end at that time were used
--   reason          why nobody is admitted at the moment (RoomStop); empty if admission moves
--   numbers_until, admitted_until  the marks of the ledger, which neither counter may pass
--   uncertain_from, uncertain_until  numbers above the first one, up to the second one, may belong to nobody: Redis has lost the
--                   room. Absent if that has not happened
--
-- Places up to `lobby` have ranks that are drawn, which no script needs; a later place has its number as its rank.

-- Whether the lobby of an event is to be drawn now.
local function is_draw_due(lobby, opens_at, now)
  return not lobby and (not opens_at or now >= opens_at)
end

-- How many of the ranks up to `rank` certainly belong to people. In the lobby, whose order is drawn, they are spread evenly.
local function certain_people(lobby, uncertain_from, uncertain_until, rank)
  local in_lobby = math.min(uncertain_until, lobby) - math.min(uncertain_from, lobby)
  if rank < lobby then return math.floor(rank * (lobby - in_lobby) / lobby) end
  return rank - in_lobby - math.max(0, math.min(rank, uncertain_until) - math.max(uncertain_from, lobby))
end
