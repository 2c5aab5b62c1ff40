/** Something that the person at the terminal has to hear and can act on; its message is complete. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  /** The command line shows it behind the message. */
  readonly code = 'sandbox_refused';
}
