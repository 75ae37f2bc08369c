// Charts of the last ten minutes: lines over a fixed time, drawn as SVG.
import { element, set, timeOfDay, write } from "/common.js";

const WIDTH = 600;
const HEIGHT = 120;
const tenths = (number) => Math.round(number * 10) / 10;

/** The smallest 1, 2 or 5 times a power of ten that is at least the number. */
function ceiling(number) {
  if (number <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(number));
  return [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= number);
}

/**
 * A chart. `amount(number)` is a number with its unit. `series` are `{ name, kind, value(sample) }`, with kind "one" or "two". Its `draw(samples, now, span)` draws
 * samples with a member `time`; what lies between samples that are more than one interval apart is 0, or a gap if the value is
 * undefined.
 */
export function chart(title, amount, series) {
  const legend = series.map(({ name, kind }) => {
    const text = element("span");
    return { name, text, label: element("span", {}, element("span", { class: `key ${kind}` }), text) };
  });
  const top = element("span");
  const lines = series.map(({ kind }) => ({
    line: element("path", { class: `series ${kind}` }), fill: element("path", { class: `fill ${kind}` }),
  }));
  const picture = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
    element("path", { class: "grid", d: `M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}` }),
    lines.map(({ fill }) => fill), lines.map(({ line }) => line));
  const from = element("span");
  const figure = element("figure", { class: "card chart" },
    element("figcaption", {}, title, legend.map(({ label }) => label), top), picture,
    element("div", { class: "axis" }, from, element("span", {}, "now")));

  function draw(samples, now, span) {
    const points = series.map(({ value }) => samples.map((sample) => [sample.time, value(sample)])
      .filter(([time, at]) => at !== undefined && time >= now - span));
    const highest = Math.max(0, ...points.flat().map(([, at]) => at));
    const scale = ceiling(highest);
    const x = (time) => (((time - now + span) / span) * WIDTH).toFixed(1);
    const y = (at) => (HEIGHT - (at / scale) * (HEIGHT - 4)).toFixed(1);
    points.forEach((known, index) => {
      const path = known.map(([time, at], place) => `${place === 0 ? "M" : "L"}${x(time)} ${y(at)}`).join("");
      set(lines[index].line, { d: path || "M0 0" });
      set(lines[index].fill, { d: known.length > 1 ? `${path}L${x(known.at(-1)[0])} ${HEIGHT}L${x(known[0][0])} ${HEIGHT}Z` : "M0 0" });
      write(legend[index].text, `${legend[index].name} ${amount(tenths(known.at(-1)?.[1] ?? 0))}`);
    });
    write(top, `scale to ${amount(scale)}`);
    write(from, timeOfDay(now - span));
    set(picture, { "aria-label": `${title}: ${legend.map(({ text }) => text.textContent).join(", ")}; highest ${amount(tenths(highest))} in ten minutes` });
  }
  return { figure, draw };
}
