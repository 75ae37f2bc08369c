-- An integer as text. Lua's own conversion switches to exponents at 1e15, and %.0f takes three times as long as %d.
local function text(number) return string.format('%d', number) end
