#!/usr/bin/env bash
# Brings the whole stack up in containers, sells, scales the workers to 3 and the API to 2, kills one of each in the middle of
# a load, checks the sale's invariants with Attack and by the ledger's rows, and takes everything down again.
#
# It is a project of its own (ticketblitz-smoke) with volumes of its own: a stack that runs here is not touched. Needs Docker
# with compose. KEEP=1 leaves the stack standing; IMAGE_READY=1 takes the image that is there.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '%s\n' "$*"; }
fail() { printf 'smoke: %s\n' "$*" >&2; exit 1; }

if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
command -v "${compose[0]}" >/dev/null || fail "Docker with compose is needed"
port=$((20000 + RANDOM % 10000))
export PORT=$port BIND=127.0.0.1 DEMO=false LOG_FORMAT=text
compose+=(-p ticketblitz-smoke -f compose.yaml)
log=$(mktemp)

down() {
  local code=$?
  trap - EXIT
  if ((code != 0)); then
    "${compose[@]}" ps -a >&2 || true
    "${compose[@]}" logs --tail 15 >&2 || true
  fi
  [[ -n ${KEEP:-} ]] || "${compose[@]}" --profile attack down --volumes --timeout 20 >/dev/null 2>&1 || true
  rm -f "$log"
  exit "$code"
}
trap down EXIT
trap 'exit 130' INT TERM

scripts/secrets.sh
token=$(cat secrets/admin_token)
if [[ -z ${IMAGE_READY:-} ]]; then
  say "building the image (the first time takes some minutes)"
  "${compose[@]}" build api >"$log" 2>&1 || { tail -n 30 "$log" >&2; fail "the image could not be built"; }
fi
say "starting the stack"
"${compose[@]}" up --detach --wait --wait-timeout 180 balancer worker >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; fail "the stack did not come up"; }
url=http://127.0.0.1:$port
# Compose has been seen to answer 0 where a container could not be started.
for _ in $(seq 150); do
  curl -fsS "$url/readyz" >/dev/null 2>&1 && break
  sleep 0.2
done
curl -fsS "$url/readyz" >/dev/null || { tail -n 20 "$log" >&2; fail "the API does not answer at $url"; }
curl -fsS -X PUT "$url/events/smoke" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
  -d '{"name":"Smoke","capacity":20000}' >/dev/null
order=$(curl -fsS -X POST "$url/buy" -H 'Content-Type: application/json' -d '{"event":"smoke"}')
id=$(sed -n 's/.*"ticket_id":"\([^"]*\)".*/\1/p' <<<"$order")
[[ $(curl -fsS "$url/orders/$id?wait=20") == *'"status":"confirmed"'* ]] || fail "an order did not reach the ledger"
say "a ticket was bought, and is in the ledger"
[[ $(curl -s -o /dev/null -w '%{http_code}' "$url/metrics") == 404 ]] || fail "/metrics can be read from outside"

# 300 requests, as fast as they can be asked one after the other, each naming another client.
limited=$(for n in 1 2 3; do
  curl -s -o /dev/null -w '%{http_code}\n' -H "X-Forwarded-For: 203.0.113.$n" "$url/healthz?[1-100]"
done | grep -c 429) || fail "a client could ask as often as it liked"
say "$limited of 300 requests from one address were refused, whatever address they named"

say "scaling to 3 workers and 2 API containers, without that limit: the load comes from one address"
export RATE_LIMIT=0
"${compose[@]}" up --detach --wait --wait-timeout 120 --scale worker=3 --scale api=2 balancer worker api \
  >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "could not scale"; }

# Ends a container's process as a crash would, and waits until the container is back.
crash() {
  local container started
  container=$("${compose[@]}" ps -q "$1" | tail -n 1)
  started=$(docker inspect -f '{{.State.StartedAt}}' "$container")
  if ! kill -KILL "$(docker inspect -f '{{.State.Pid}}' "$container")" 2>/dev/null; then
    # Not on this machine, or without the right: then Docker does it, and takes that for a wish to have it stopped.
    docker kill "$container" >/dev/null
    docker start "$container" >/dev/null
  fi
  for _ in $(seq 100); do
    [[ $(docker inspect -f '{{.State.StartedAt}} {{.State.Running}}' "$container") != "$started "* &&
      $(docker inspect -f '{{.State.Running}}' "$container") == true ]] && return
    sleep 0.2
  done
  fail "$1 was not started again"
}

say "attacking for 15 s; a worker and an API container are killed meanwhile"
"${compose[@]}" --profile attack run --rm -T --no-deps attack --event smoke --reset 20000 --admin-token "$token" \
  --rate 800 --clients 500 --duration 15s --customers 5000 --idempotent-retries 1 --settle 90s --quiet >"$log" 2>&1 &
attack=$!
sleep 5
crash worker
say "a worker was killed, and is back"
crash api
say "an API container was killed, and is back"
code=0
wait $attack || code=$?
cat "$log"
((code == 0)) || fail "the sale's invariants do not hold, or could not be judged (exit code $code)"
accepted=$(sed -n 's/^accepted *\([0-9]*\) .*/\1/p' "$log")
rows=$("${compose[@]}" exec -T postgres psql -At -U postgres -d ticketblitz \
  -c "SELECT sum(quantity) FROM orders WHERE event_id = 'smoke' AND status = 'confirmed'")
sold=$(curl -fsS "$url/events/smoke" | sed -n 's/.*"sold":\([0-9]*\).*/\1/p')
[[ $rows == "$sold" ]] || fail "the event says $sold sold, the ledger has $rows"
((rows >= accepted)) || fail "$accepted were accepted, the ledger has $rows"
say "smoke: $accepted accepted, $rows in the ledger, every invariant holds"
