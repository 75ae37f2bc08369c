-- An integer as text. Lua's own conversion switches to exponents at 1e15.
local function text(number) return string.format('%.0f', number) end
