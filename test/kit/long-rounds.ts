/** How often a long test does its thing: what the variable says, else a number that ends within half an hour. */
export function roundsFrom(variable: string, usual: number): number {
  const text = process.env[variable];
  if (text === undefined) return usual;
  const rounds = Number(text);
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new RangeError(`${variable} is a whole number from 1 on, not '${text}'`);
  return rounds;
}
