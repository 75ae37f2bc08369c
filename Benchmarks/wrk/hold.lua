-- wrk: every request buys one ticket of the event `held`.
wrk.method = "POST"
wrk.body = '{"event":"held"}'
wrk.headers["Content-Type"] = "application/json"
