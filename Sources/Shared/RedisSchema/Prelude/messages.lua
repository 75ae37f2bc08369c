-- The beginning of a message that an event has changed; the event's id follows. Other messages of the channel are ids of
-- orders, separated by commas. FinishedMessage.swift reads both.
local EVENT_CHANGED = 'event:'
