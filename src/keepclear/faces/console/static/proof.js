// Recomputes proofs in this browser, from the bytes that are shown, by WebCrypto. It trusts no "proof checked" of a server.
// Sources: RFC 9162 section 2.1.3.2 (inclusion), c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof@v1.
import { say } from "./words.js";
import { count, zuluText } from "./format.js";

const utf8 = new TextEncoder();
const MAX_STEPS = 63;

export class ProofFault extends Error {}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new ProofFault("not hexadecimal");
  return Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
}

function fromBase64(text) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new ProofFault("not base64");
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** SHA-256(0x00 || entry), the leaf hash of an entry's text, in hexadecimal. */
export const leafHash = async (text) => hex(await sha256(joined([0], utf8.encode(text))));

/** The root that a leaf and its inclusion proof lead to, in hexadecimal. Raises when the proof has not the length it must have. */
export async function rootFrom(leaf, index, size, proof) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size)
    throw new ProofFault("an index outside the tree");
  if (proof.length > MAX_STEPS) throw new ProofFault("a proof too long");
  let [place, last] = [BigInt(index), BigInt(size - 1)];
  let hash = fromHex(leaf);
  for (const step of proof.map(fromHex)) {
    if (step.length !== 32 || last === 0n) throw new ProofFault("a step too many");
    if (place & 1n || place === last) {
      hash = await sha256(joined([1], step, hash));
      while (!(place & 1n) && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
    } else hash = await sha256(joined([1], hash, step));
    [place, last] = [place >> 1n, last >> 1n];
  }
  if (last !== 0n) throw new ProofFault("a step too few");
  return hex(hash);
}

/** A checkpoint out of its signed note: {origin, size, root, body, signatures: [{name, key, bytes}]}. */
export function readCheckpoint(note) {
  const cut = note.lastIndexOf("\n\n");
  const body = note.slice(0, cut + 1);
  const [origin, size, root, ...rest] = body.split("\n");
  if (cut < 0 || !/^(0|[1-9][0-9]{0,15})$/.test(size || "") || rest.join("") !== "")
    throw new ProofFault("not a checkpoint");
  const signatures = note
    .slice(cut + 2)
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const parts = /^— (\S+) (\S+)$/.exec(line);
      if (!parts) throw new ProofFault("not a signature line");
      const bytes = fromBase64(parts[2]);
      return { name: parts[1], key: hex(bytes.slice(0, 4)), bytes: bytes.slice(4) };
    });
  return { origin, size: Number(size), root: hex(fromBase64(root)), body, signatures };
}

/** The key id of a verifier key: the first four bytes of SHA-256(name, newline, type, key). */
async function keyId(name, type, key) {
  return hex((await sha256(joined(utf8.encode(`${name}\n`), [type], key))).slice(0, 4));
}

async function ed25519Holds(key, signature, message) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

/** Whether a log's own key (base64) signed its checkpoint. */
export async function isSigned(checkpoint, ed25519) {
  const key = fromBase64(ed25519);
  const id = await keyId(checkpoint.origin, 1, key);
  const line = checkpoint.signatures.find((one) => one.name === checkpoint.origin && one.key === id);
  return Boolean(line) && ed25519Holds(key, line.bytes, utf8.encode(checkpoint.body));
}

/** The time, in seconds, of a party's Ed25519 cosignature that holds; 0 when there is none. */
export async function cosignedAt(checkpoint, partyId, ed25519) {
  const key = fromBase64(ed25519);
  const name = `keepclear/${partyId}`;
  const id = await keyId(name, 4, key);
  const line = checkpoint.signatures.find((one) => one.name === name && one.key === id && one.bytes.length === 72);
  if (!line) return 0;
  const seconds = Number(new DataView(line.bytes.buffer, line.bytes.byteOffset).getBigUint64(0));
  const message = utf8.encode(`cosignature/v1\ntime ${seconds}\n${checkpoint.body}`);
  return (await ed25519Holds(key, line.bytes.slice(8), message)) ? seconds : 0;
}

/** Who cosigned, as the note says it: [{name, seconds}], one for each name. Signatures are not checked by this. */
export function cosigners(checkpoint) {
  const found = new Map();
  for (const one of checkpoint.signatures) {
    if (one.name === checkpoint.origin || one.bytes.length < 72) continue;
    found.set(one.name, Number(new DataView(one.bytes.buffer, one.bytes.byteOffset).getBigUint64(0)));
  }
  return [...found].map(([name, seconds]) => ({ name, seconds }));
}

const line = (isHeld, what, detail) => ({ state: isHeld ? "ok" : "bad", what, detail });

/** What this browser saw of a log before, against the checkpoint of now: sizes never fall, and a size has one root. */
function consistentWithMemory(checkpoint) {
  const memory = `seen ${checkpoint.origin}`;
  const before = JSON.parse(sessionStorage.getItem(memory) || "null");
  const holds =
    !before || before.size < checkpoint.size || (before.size === checkpoint.size && before.root === checkpoint.root);
  if (holds)
    sessionStorage.setItem(
      memory,
      JSON.stringify({ size: checkpoint.size, root: checkpoint.root, at: zuluText(Date.now()) }),
    );
  if (holds)
    return line(
      true,
      say("proof.consistent"),
      before ? say("proof.seen_before", count(before.size), before.at) : say("proof.first_seen"),
    );
  return line(
    false,
    say("proof.consistent"),
    before.size > checkpoint.size
      ? say("proof.shrunk", count(before.size), count(checkpoint.size))
      : say("proof.other_root", count(before.size)),
  );
}

async function signatureLine(checkpoint, ed25519) {
  if (!ed25519) return { state: "wait", what: say("proof.unsigned"), detail: say("proof.unsigned_text") };
  const own = checkpoint.signatures.find((one) => one.name === checkpoint.origin);
  return line(
    await isSigned(checkpoint, ed25519),
    say("proof.signed"),
    say("proof.signed_text", own ? own.key.toUpperCase() : "—"),
  );
}

function cosignatureLine(checkpoint) {
  const names = cosigners(checkpoint).map((one) =>
    say("proof.cosigned", one.name.replace("keepclear/", ""), zuluText(one.seconds * 1000)),
  );
  return {
    state: names.length ? "note" : "wait",
    what: say("proof.cosigners"),
    detail: names.join(", ") || say("proof.none"),
  };
}

/**
 * Checks the answer of /v1/record/proof against the entry that the list shows: {holds, lines: [{state, what, detail}]}.
 * `ed25519` is the key of the log's writer in base64, or "" when it is not at hand.
 */
export async function checkEntry(answer, shown, ed25519) {
  try {
    const leaf = await leafHash(answer.text);
    const root = await rootFrom(leaf, answer.index, answer.size, answer.proof);
    const checkpoint = readCheckpoint(answer.checkpoint);
    const isThis =
      checkpoint.origin === answer.log &&
      answer.log === shown.log &&
      checkpoint.size === answer.size &&
      checkpoint.root === answer.root;
    const lines = [
      line(leaf === answer.leaf && leaf === shown.hash, say("proof.leaf"), `${leaf.slice(0, 8)} … ${leaf.slice(-8)}`),
      line(
        answer.text === shown.text && answer.index === shown.n,
        say("proof.same"),
        say("record.entry", count(answer.index)),
      ),
      line(
        root === checkpoint.root,
        say("proof.inclusion"),
        say("proof.steps", String(answer.proof.length), count(answer.size)),
      ),
      line(isThis, say("proof.checkpoint"), `${checkpoint.root.slice(0, 8)} … ${checkpoint.root.slice(-8)}`),
      await signatureLine(checkpoint, ed25519),
      cosignatureLine(checkpoint),
    ];
    const holds = lines.every((one) => one.state !== "bad");
    if (holds) lines.push(consistentWithMemory(checkpoint));
    return { holds: lines.every((one) => one.state !== "bad"), lines };
  } catch (fault) {
    return { holds: false, lines: [line(false, say("proof.malformed"), fault.message)] };
  }
}

/** A tlog-proof as text: {index, proof: [hex], checkpoint}. */
function readBundle(text) {
  const cut = text.indexOf("\n\n");
  const [first, ...lines] = text.slice(0, cut).split("\n");
  if (cut < 0 || first !== "c2sp.org/tlog-proof@v1") throw new ProofFault("not a proof file");
  const rest = lines.filter((one) => !one.startsWith("extra "));
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(rest[0] || "");
  if (!index) throw new ProofFault("a proof file without an index");
  return {
    index: Number(index[1]),
    proof: rest.slice(1).map((one) => hex(fromBase64(one))),
    checkpoint: readCheckpoint(text.slice(cut + 2)),
  };
}

async function ensureBundle(text, entry, writer) {
  const bundle = readBundle(text);
  const leaf = await leafHash(entry);
  const root = await rootFrom(leaf, bundle.index, bundle.checkpoint.size, bundle.proof);
  if (root !== bundle.checkpoint.root) throw new ProofFault("the hashes lead to another root");
  if (bundle.checkpoint.origin !== JSON.parse(entry).log) throw new ProofFault("the entry is of another log");
  if (!(await isSigned(bundle.checkpoint, writer.ed25519)))
    throw new ProofFault("the checkpoint is not signed by its writer");
  return { ...bundle, leaf };
}

/**
 * Checks a given receipt (docs/reference/record.md, section 6) with Ed25519; ML-DSA-44 is left to `keepclear verify`.
 * Returns {holds, receivedAt (ms), why}; never raises.
 */
export async function checkGiven(receipt) {
  try {
    const { sender, receiver, entry, received } = receipt;
    const there = await ensureBundle(receipt.proof, entry, sender);
    const back = await ensureBundle(receipt.received_proof, received, receiver);
    if (
      there.checkpoint.origin !== `keepclear/${sender.party}/to/${receiver.party}` ||
      back.checkpoint.origin !== `keepclear/${receiver.party}/to/${sender.party}`
    )
      throw new ProofFault("the logs are not the two of these parties");
    if (!(await cosignedAt(there.checkpoint, receiver.party, receiver.ed25519)))
      throw new ProofFault("the receiver did not cosign it");
    const body = JSON.parse(received);
    if (body.kind !== "received" || body.body.hash !== there.leaf || body.body.index !== there.index)
      throw new ProofFault("the receipt entry names another entry");
    return { holds: true, receivedAt: body.body.received_at / 1000, why: "" };
  } catch (fault) {
    return { holds: false, receivedAt: NaN, why: fault.message };
  }
}
