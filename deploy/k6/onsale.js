// A sale opens: so many buyers arrive each second whatever the answers take, each with a customer and an idempotency key,
// and everyone who got a ticket follows it to its end.
//
//   k6 run -e RATE=500 -e DURATION=10s deploy/k6/onsale.js
//
// Fails (exit code 99) where a ticket was acknowledged and not confirmed in time, or where an answer was unexpected. URL,
// EVENT, CAPACITY, RATE, DURATION, VUS (at most), PATIENCE (seconds to an order's end) and ADMIN_TOKEN can be set with -e.
import http from 'k6/http';
import exec from 'k6/execution';
import { fail } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const url = __ENV.URL || 'http://127.0.0.1:9090';
const rate = Number(__ENV.RATE || 200);
const event = __ENV.EVENT || 'demo';
const capacity = Number(__ENV.CAPACITY || 1000);
const patience = Number(__ENV.PATIENCE || 30);
const run = `${Date.now()}`;
const json = { headers: { 'Content-Type': 'application/json' } };
if (__ENV.ADMIN_TOKEN) json.headers.Authorization = `Bearer ${__ENV.ADMIN_TOKEN}`;

const accepted = new Counter('tickets_accepted');
const confirmed = new Counter('tickets_confirmed');
const unconfirmed = new Counter('tickets_unconfirmed');
const soldOut = new Counter('told_sold_out');
const unexpected = new Counter('unexpected_answers');
const toConfirmed = new Trend('accepted_to_confirmed', true);

http.setResponseCallback(http.expectedStatuses(200, 202, 410));

export const options = {
  scenarios: {
    onsale: {
      executor: 'constant-arrival-rate',
      rate,
      timeUnit: '1s',
      duration: __ENV.DURATION || '10s',
      // A buyer takes well under a second; more are made when it takes longer.
      preAllocatedVUs: Math.max(50, rate),
      maxVUs: Number(__ENV.VUS || 1000),
      gracefulStop: `${patience + 5}s`,
    },
  },
  thresholds: {
    tickets_unconfirmed: ['count==0'],
    unexpected_answers: ['count==0'],
    tickets_accepted: [`count<=${capacity}`, 'count>0'],
    dropped_iterations: ['count==0'],
  },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

export function setup() {
  const answer = http.post(`${url}/reset`, JSON.stringify({ event, capacity }), json);
  if (answer.status !== 200) fail(`POST /reset answered ${answer.status} ${answer.body}`);
}

export default function () {
  const number = exec.scenario.iterationInTest;
  const answer = http.post(
    `${url}/buy`,
    JSON.stringify({ event, customer: `c${number}` }),
    { headers: { ...json.headers, 'Idempotency-Key': `${run}-${number}` }, tags: { name: 'buy' } },
  );
  if (answer.status === 410) return void soldOut.add(1);
  if (answer.status !== 202) return void unexpected.add(1);
  accepted.add(1);
  follow(answer.json('status_url'), Date.now());
}

function follow(path, since) {
  while (Date.now() - since < patience * 1000) {
    const answer = http.get(`${url}${path}?wait=5`, { tags: { name: 'order' } });
    if (answer.status === 200 && answer.json('status') === 'confirmed' && answer.json('persisted')) {
      confirmed.add(1);
      toConfirmed.add(Date.now() - since);
      return;
    }
    if (answer.status === 404 || (answer.status === 200 && answer.json('status') === 'rejected')) break;
  }
  unconfirmed.add(1);
}
