/** How many rounds a test of chance makes: so many in the ordinary run, twenty times that in the long one. */
export function runRounds(ordinary: number): number {
  return process.env['TEST_LONG'] === '1' ? ordinary * 20 : ordinary;
}
