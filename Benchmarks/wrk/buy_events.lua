-- wrk: the requests are purchases from the events e0, e1, ... in turn; the variable EVENTS is their number.
local number, count = 0, tonumber(os.getenv('EVENTS'))
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  number = (number + 1) % count
  return wrk.format(nil, nil, nil, '{"event":"e' .. number .. '"}')
end
