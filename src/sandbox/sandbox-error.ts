/** Something that the person at the terminal has to hear and can act on; its message is complete. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  /** The command line shows it behind the message. */
  readonly code = 'sandbox_refused';
}

/** Throws for a number outside of its range, or for none. */
export function requireWithin(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) throw new SandboxError(`The ${name} is a number from ${least} to ${most}.`);
}
