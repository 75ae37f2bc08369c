-- wrk: every request is POST /buy without a body.
wrk.method = "POST"
