-- The waiting room of an event, a hash:
--   generation      of the event
--   last            the last number that was given
--   lobby, drawn_at the number of places in the lobby and when it was drawn; absent before the draw
--   saved           `1` if the ledger has the draw: only then may anybody be admitted
--   admitted        the rank up to which people are admitted
--   shown           the rank up to which the replicas are known to have the admissions: what people see
--   admitted_at     when admission was last considered
--   carry           the thousandths of a person that were due beyond those admitted
--   outstanding     the passes that are valid and were not used
--   ticks           the number of admissions since the room exists
--   u<time>         how many passes of the admission whose passes end at that time were used
--   reason          why nobody is admitted at the moment (RoomStop); empty if admission moves
--   numbers_until, admitted_until  the marks of the ledger, which neither counter may pass
--
-- Places up to `lobby` have ranks that are drawn, which no script needs; a later place has its number as its rank.

-- Whether the lobby of an event is to be drawn now.
local function is_draw_due(lobby, opens_at, now)
  return not lobby and (not opens_at or now >= opens_at)
end
