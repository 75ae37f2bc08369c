-- One purchase of the event `held` a request.
wrk.method = "POST"
wrk.body = '{"event":"held"}'
wrk.headers["Content-Type"] = "application/json"
