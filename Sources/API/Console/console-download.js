// Downloads that need the token. The browser keeps what it has received; the file is offered when all of it is there.
import { element, count } from "/common.js";
import { tell } from "/console/parts.js";
import { credentials } from "/console/session.js";

/** Downloads a path as a file, and tells in a place how far it is or why it failed. */
export async function download(path, name, place) {
  const parts = [];
  let size = 0;
  try {
    const response = await fetch(path, { headers: credentials(), cache: "no-store", credentials: "omit", redirect: "error" });
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      return tell(place, "refusal", problem.detail ?? `The service responds with status ${response.status}.`);
    }
    const progress = element("p", { class: "notice" });
    place.replaceChildren(progress);
    const reader = response.body.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
      progress.textContent = `Reading the orders: ${count(Math.round(size / 1000))} kB`;
    }
  } catch {
    return tell(place, "refusal", "The connection ended before all orders were read. Try again.");
  }
  const url = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return tell(place, "done", `${name} has ${count(Math.round(size / 1000))} kB.`);
}
