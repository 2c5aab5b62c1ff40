/** Two notes, as of a doorbell: written here, since a file of sound would be fetched by everybody. */
const NOTES = [
  { hertz: 987.77, atSeconds: 0 },
  { hertz: 1318.51, atSeconds: 0.16 },
] as const;
const LOUDNESS = 0.28;
const FADE_SECONDS = 0.9;

let context: AudioContext | null = null;
const listeners = new Set<() => void>();

/** Browsers keep a page silent until somebody has touched it. */
function unlock(): void {
  context ??= new AudioContext();
  void context.resume().then(() => {
    for (const tell of listeners) tell();
  });
}

globalThis.addEventListener('pointerdown', unlock, { once: true, capture: true });
globalThis.addEventListener('keydown', unlock, { once: true, capture: true });

export const canChime = (): boolean => context?.state === 'running';

export function onChimeChange(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export function chime(): void {
  if (context === null || context.state !== 'running') return;
  const startSeconds = context.currentTime;
  for (const { hertz, atSeconds } of NOTES) {
    const tone = context.createOscillator();
    const loudness = context.createGain();
    tone.type = 'sine';
    tone.frequency.value = hertz;
    const at = startSeconds + atSeconds;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(LOUDNESS, at + 0.012);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + FADE_SECONDS);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + FADE_SECONDS);
  }
}
