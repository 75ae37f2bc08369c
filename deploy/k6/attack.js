// The demonstration's own scenario: 10 clients buy one ticket after the other for 5 s, where there are 100.
//
//   k6 run deploy/k6/attack.js                                    the real sale: POST /buy
//   k6 run -e TARGET=/lab/naive/buy deploy/k6/attack.js           a strategy of the lab
//
// It resets what it buys from, counts exactly, and fails (exit code 99) where more was sold than there is, or where
// what was accepted is not what was sold. URL, VUS, DURATION, CAPACITY and ADMIN_TOKEN can be set with -e.
import http from 'k6/http';
import { check, fail, sleep } from 'k6';
import { Counter } from 'k6/metrics';

const url = __ENV.URL || 'http://127.0.0.1:9090';
const target = __ENV.TARGET || '/buy';
const capacity = Number(__ENV.CAPACITY || 100);
const lab = target.match(/^\/lab\/([^/]+)\/buy$/);
const json = { headers: { 'Content-Type': 'application/json' } };
if (__ENV.ADMIN_TOKEN) json.headers.Authorization = `Bearer ${__ENV.ADMIN_TOKEN}`;

const accepted = new Counter('tickets_accepted');
const soldOut = new Counter('told_sold_out');
const unexpected = new Counter('unexpected_answers');
const sold = new Counter('tickets_sold');
const oversold = new Counter('tickets_oversold');

// 410 is an answer, not a failure.
http.setResponseCallback(http.expectedStatuses(200, 202, 410));

export const options = {
  vus: Number(__ENV.VUS || 10),
  duration: __ENV.DURATION || '5s',
  thresholds: {
    tickets_oversold: ['count==0'],
    tickets_accepted: [`count==${capacity}`],
    tickets_sold: [`count==${capacity}`],
    unexpected_answers: ['count==0'],
  },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

export function setup() {
  const [path, body] = lab
    ? [`/lab/${lab[1]}/reset`, { capacity }]
    : ['/reset', { event: 'demo', capacity }];
  const answer = http.post(url + path, JSON.stringify(body), json);
  if (answer.status !== 200) fail(`POST ${path} answered ${answer.status} ${answer.body}`);
}

export default function () {
  const answer = http.post(url + target, null, { tags: { name: 'buy' } });
  if (answer.status === 202) accepted.add(1);
  else if (answer.status === 410) soldOut.add(1);
  else unexpected.add(1);
  check(answer, { 'accepted or sold out': (a) => a.status === 202 || a.status === 410 });
}

// What the service says once everything has arrived.
export function teardown() {
  const path = lab ? `/lab/${lab[1]}` : '/events/demo';
  for (let tries = 0; tries < 200; tries++) {
    sleep(0.15); // The figures are up to 100 ms old.
    const answer = http.get(url + path);
    const account = answer.status === 200 ? answer.json() : null;
    if (account && !account.pending) {
      sold.add(account.sold);
      oversold.add(Math.max(0, account.sold - account.capacity));
      console.log(`${path}: ${account.sold} of ${account.capacity} sold`);
      return;
    }
  }
  fail(`${path} did not come to rest within 30 s`);
}
