// Talks to our own node, and to nothing else. Every fault comes back as a Problem with the node's own words.
import { say } from "./words.js";

const TIMEOUT_MS = 8000;

/** What the node answered instead of doing it (RFC 9457), or that it did not answer (status 0). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || say("trouble.gone"));
    this.status = status;
    this.code = body.code || "";
    this.at = body.at || "";
    this.body = body;
  }
}

async function ask(method, path, body, key) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new Problem(0, { detail: say("trouble.gone") });
  }
  const text = await answer.text();
  let value = {};
  try {
    value = text ? JSON.parse(text) : {};
  } catch {
    throw new Problem(answer.status, { detail: say("trouble.gone") });
  }
  if (answer.status === 401) throw new Problem(401, { ...value, detail: say("trouble.session") });
  if (!answer.ok) throw new Problem(answer.status, value);
  return value;
}

export const get = (path) => ask("GET", path);

/** Keys of sends whose answer never came, by what was to be sent: the same again is the same send, not a second one. */
const unanswered = new Map();

async function send(method, path, body) {
  const what = `${method} ${path} ${JSON.stringify(body)}`;
  const key = unanswered.get(what) || crypto.randomUUID();
  unanswered.set(what, key);
  try {
    const value = await ask(method, path, body, key);
    unanswered.delete(what);
    return value;
  } catch (problem) {
    // Only silence leaves it open whether it was done.
    if (problem.status) unanswered.delete(what);
    throw problem;
  }
}

export const post = (path, body) => send("POST", path, body);
export const put = (path, body) => send("PUT", path, body);

/** A query string; empty values are left out. */
export const query = (values) =>
  new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "" && value !== undefined)).toString();
