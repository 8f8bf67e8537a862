// The signals, made by Web Audio; no files. Levels and patterns: docs/how-to/console.md, "Sound".
import { change, state } from "./state.js";

const PATTERNS = {
  stop: { tones: [880, 660], pulses: 3, every_s: 4, length_s: 0.28, gain: 0.5 },
  warning: { tones: [880], pulses: 3, every_s: 7, length_s: 0.2, gain: 0.4 },
  caution: { tones: [660], pulses: 2, every_s: 0, length_s: 0.18, gain: 0.3 },
  advisory: { tones: [440], pulses: 1, every_s: 0, length_s: 0.05, gain: 0.12 },
};

let context = null;
const sounded = new Map(); // row key to {at, times}: when it last sounded

/** Starts or wakes the audio, after a gesture. A browser that still blocks it is shown as a caution. */
export async function unlock() {
  try {
    context ??= new AudioContext();
    if (context.state !== "running")
      await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 500))]);
  } catch {
    context = null;
  }
  note();
}

function note() {
  const isBlocked = context?.state !== "running";
  if (isBlocked !== state.soundBlocked) change({ soundBlocked: isBlocked });
}

/** Plays one signal, beginning `after_s` from now. */
export function play(level, after_s = 0) {
  if (context?.state !== "running") return;
  const { tones, pulses, length_s: length, gain } = PATTERNS[level];
  let start = context.currentTime + after_s;
  for (let pulse = 0; pulse < pulses; pulse += 1) {
    for (const tone of tones) {
      beep(tone, start, length / tones.length, gain);
      start += length / tones.length;
    }
    start += 0.12;
  }
}

function beep(tone, start, length, gain) {
  const [oscillator, volume] = [context.createOscillator(), context.createGain()];
  oscillator.frequency.value = tone;
  // Ramps of 8 ms: a tone cut off at once clicks.
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(gain, start + 0.008);
  volume.gain.setValueAtTime(gain, start + length - 0.008);
  volume.gain.linearRampToValueAtTime(0, start + length);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + length);
}

/** All four, one after the other: how sound is tested at the start of a watch. */
export async function playAll() {
  await unlock();
  ["advisory", "caution", "warning", "stop"].forEach((level, place) => play(level, place * 1.6));
}

/** Whether a row sounds at this second: by its level, and by when it last did. */
function isDue(row, ms) {
  const last = sounded.get(row.key);
  if (!last) return true;
  const { every_s: every } = PATTERNS[row.level];
  if (every) return ms - last.at >= every * 1000;
  // A caution sounds again once, at half of the time that was left when it came.
  return row.level === "caution" && last.times === 1 && ms >= last.half;
}

/** Once a second: the most urgent row that is due and not silenced sounds; the others are taken as having sounded with it. */
export function soundRows(rows, ms) {
  note();
  const heard = rows.filter((row) => row.sounds && !(state.silenced[row.key] > ms) && isDue(row, ms));
  if (heard.length) play(heard[0].level);
  for (const row of heard) {
    const last = sounded.get(row.key);
    sounded.set(row.key, { at: ms, times: (last?.times || 0) + 1, half: last?.half ?? ms + (row.due - ms) / 2 });
  }
  for (const key of sounded.keys()) if (!rows.some((row) => row.key === key)) sounded.delete(key);
}
