// The overview: what the sale does now, and in the last ten minutes.
import { count, countdown, counted, element, stream } from "/common.js";
import { chart } from "/console/chart.js";
import { head, tag, table, tell } from "/console/parts.js";
import { credentials, signOut } from "/console/session.js";

const SPAN = 600_000;
const sum = (counts) => Object.values(counts ?? {}).reduce((total, value) => total + value, 0);
const orders = (number) => (number === 1 ? "order" : "orders");
const rate = (value) => count(Math.round(value * 10) / 10);

export const overview = { title: "Overview", show };

function show(root) {
  const state = element("span", { class: "tag" }, "connecting");
  const place = element("div");
  const figures = element("dl", { class: "figures" });
  const reasons = element("div");
  const partitions = element("div");
  let interval = 5;
  const perSecond = (value) => value / interval;
  const charts = [
    chart("Purchases", (number) => `${count(number)} /s`, [
      { name: "accepted", kind: "one", value: (sample) => perSecond(sample.accepted) },
      { name: "refused", kind: "two", value: (sample) => perSecond(sum(sample.refused)) },
    ]),
    chart("Queue depth", (number) => counted(number, "order"), [{ name: "waiting", kind: "one", value: (sample) => sample.depth }]),
    chart("Age of the oldest order", (number) => `${count(number)} ms`, [{ name: "age", kind: "one", value: (sample) => sample.oldest_age_ms ?? 0 }]),
  ];
  root.append(head("Overview", state), place, figures, element("div", { class: "charts" }, charts.map(({ figure }) => figure)), reasons, partitions);

  const samples = new Map(); // by time
  function draw(now) {
    interval = now.interval_s;
    for (const sample of now.samples) samples.set(Date.parse(sample.at), sample);
    const end = Date.parse(now.at);
    for (const time of samples.keys()) if (time < end - SPAN) samples.delete(time);
    figures.replaceChildren(...read(now).map(([name, value, unit, kind]) =>
      element("div", { class: kind }, element("dt", {}, name), element("dd", {}, value, unit && element("small", {}, ` ${unit}`)))));
    const known = whole(samples, end, interval * 1000);
    for (const { draw: drawChart } of charts) drawChart(known, end, SPAN);
    showReasons(reasons, known);
    showPartitions(partitions, now);
  }

  const source = stream("/admin/overview/live", {
    headers: credentials(),
    onMessage: ({ data }) => { tell(place); draw(data); },
    onState: (is, problem) => {
      state.textContent = is === "live" ? "live" : "not connected";
      state.className = `tag ${is === "live" ? "good" : "warn"}`;
      if (problem?.code === "unauthorized") return signOut("The token is not accepted any more. Sign in again.");
      if (problem) tell(place, "refusal", problem.detail);
    },
  });
  return () => source.close();
}

/**
 * The samples with those that the service left out, because nothing happened in them. The last interval is left out for its
 * first second: the processes write their figures then.
 */
function whole(samples, end, interval) {
  const all = [];
  const first = Math.min(...samples.keys());
  for (let time = (Math.floor((end - 1000) / interval) - 1) * interval; time > end - SPAN; time -= interval) {
    const found = samples.get(time);
    if (found || time > first) all.unshift({ accepted: 0, refused: {}, depth: 0, ...found, time });
  }
  return all;
}

function read({ purchases, queue, recovery, partitions }) {
  const open = partitions.filter(({ phase }) => phase === "complete").length;
  const age = queue.oldest_age_ms;
  return [
    ["Accepted", rate(purchases.accepted_per_s), "/s"],
    ["Refused", rate(sum(purchases.refused_per_s)), "/s"],
    ["Failed", rate(purchases.failed_per_s), "/s", purchases.failed_per_s > 0 ? "bad" : ""],
    ["Queue depth", count(queue.depth), orders(queue.depth)],
    ["Oldest order", age === undefined ? "–" : age < 1000 ? count(age) : rate(age / 1000), age === undefined ? "" : age < 1000 ? "ms" : "s", age > 30_000 ? "bad" : age > 5000 ? "warn" : ""],
    ["In flight", count(queue.in_flight), orders(queue.in_flight)],
    ["Workers alive", count(queue.workers), "", queue.workers === 0 ? "bad" : ""],
    ["Dead letters", count(queue.dead_letters), "", queue.dead_letters > 0 ? "warn" : ""],
    ["Partitions open", `${open} of ${partitions.length}`, recovery.phase === "complete" ? "" : `${recovery.phase}, ${countdown(recovery.remaining_s * 1000)} left`, open < partitions.length ? "bad" : ""],
  ];
}

function showReasons(place, samples) {
  const totals = new Map();
  for (const { refused, failed } of samples) {
    for (const [reason, number] of Object.entries({ ...refused, ...(failed && { "the service failed": failed }) })) totals.set(reason, (totals.get(reason) ?? 0) + number);
  }
  const rows = [...totals].sort(([, one], [, other]) => other - one).map(([reason, number]) => [reason, count(number)]);
  place.replaceChildren(table("Refused purchases of the last ten minutes", ["Reason", { title: "Purchases", number: true }], rows, { empty: "No purchase was refused in the last ten minutes." }));
}

function showPartitions(place, { partitions }) {
  const behind = partitions.filter(({ phase }) => phase !== "complete");
  place.replaceChildren(...(behind.length === 0 ? [] : [
    table(`${counted(behind.length, "partition")} in recovery`, ["Partition", "Phase", { title: "Done", number: true }, { title: "Total", number: true }],
      behind.map(({ partition, phase, done, total }) => [String(partition), tag(phase), count(done ?? 0), count(total ?? 0)])),
  ]));
}
