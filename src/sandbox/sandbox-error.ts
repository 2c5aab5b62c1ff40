/** Something that the person at the terminal has to hear and can act on; its message is complete. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
}
