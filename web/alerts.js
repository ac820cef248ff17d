// The end of a run, told beyond the page: a sound, a message of the desktop. Both are off until the settings say otherwise.

const RATE = 16000; // samples a second
const TONES = [
  { hertz: 659, seconds: 0.14 },
  { hertz: 880, seconds: 0.3 },
];
const LOUD = 0.25;

/** Two soft notes as a WAV file: bytes. Pure. */
export function chime() {
  const samples = TONES.flatMap(({ hertz, seconds }) => {
    const count = Math.round(seconds * RATE);
    return Array.from({ length: count }, (_, index) => LOUD * Math.sin((2 * Math.PI * hertz * index) / RATE) * (1 - index / count) * Math.min(1, index / 80));
  });
  const bytes = new Uint8Array(44 + samples.length * 2);
  const view = new DataView(bytes.buffer);
  const text = (at, words) => [...words].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, index) => view.setInt16(44 + index * 2, Math.round(sample * 32767), true));
  return bytes;
}

/** Browsers play nothing on a page that was never clicked: then it stays silent. */
export function playChime() {
  const url = URL.createObjectURL(new Blob([chime()], { type: "audio/wav" }));
  const sound = new Audio(url);
  const done = () => URL.revokeObjectURL(url);
  sound.addEventListener("ended", done);
  sound.play().catch(done);
}

/** Asks for leave, where the browser has not been asked yet. Not over plain HTTP from another computer. */
export function askForNotifications() {
  if (globalThis.Notification?.permission === "default") globalThis.Notification.requestPermission();
}

/** @returns {boolean} whether the desktop shows it */
export function notify(title, body, tag) {
  if (globalThis.Notification?.permission !== "granted") return false;
  try {
    new globalThis.Notification(title, { body, tag });
    return true;
  } catch {
    return false; // Chrome on Android has the class, but no way to make one
  }
}
