/** The program's entry: the launcher hands over the command line without node and script. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stderr.write(`Unknown command: ${argv.join(' ')}\n`);
  process.exitCode = 2;
}
