// The session: who is signed in, and requests with the token. The token lives in sessionStorage, that is, until the tab is
// closed; it is sent in the header Authorization only.
import { request, stored } from "/common.js";

const kept = stored("ticketblitz:console", { session: true });
let token = kept.read()?.token ?? null;
let ended = () => {};

/** The signed-in administrator: `{ name, role }`; null if nobody is. */
export let who = null;

/** Whether the administrator may change anything. */
export const mayChange = () => who?.role === "operator";

/** Calls a function when the session ends, with the reason if it was not the user who ended it. */
export const onEnd = (body) => { ended = body; };

/** The headers of a request with the token. */
export const credentials = () => ({ Authorization: `Bearer ${token}` });

/** Signs in with a token, or with the token of this session. Resolves to undefined, or to the problem. */
export async function signIn(given = token) {
  if (!given) return { code: "none", detail: "" };
  const { ok, body, problem } = await request("/admin/me", { headers: { Authorization: `Bearer ${given}` } });
  if (!ok) {
    if (problem.code === "unauthorized") forget();
    return problem;
  }
  token = given;
  who = body;
  kept.write({ token });
  return undefined;
}

function forget() {
  token = null;
  who = null;
  kept.write(null);
}

export function signOut(reason) {
  forget();
  ended(reason);
}

/** As `request` of common.js, with the token. A refused token ends the session. */
export async function call(path, options = {}) {
  const response = await request(path, { ...options, headers: { ...credentials(), ...options.headers } });
  if (response.problem?.code === "unauthorized" && who) signOut("The token is not accepted any more. Sign in again.");
  return response;
}

/** Reads from the stores, not from what the service keeps for a moment. */
export const fresh = { headers: { "Cache-Control": "no-cache" } };
