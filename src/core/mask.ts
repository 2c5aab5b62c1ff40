/** `张三丰` → `张**`: the first character tells the people of a shop apart, the rest nobody needs. */
export function maskName(name: string): string {
  const [first] = [...name.trim()];
  return first === undefined ? '' : `${first}**`;
}

/** `13812341234` → `138****1234`; a privacy number keeps its form `138****1234_****`. Short ones keep four digits or none. */
export function maskPhone(phone: string): string {
  const [number = '', extension] = phone.trim().split(/[_,]/u);
  if (number.length < 7) return '****';
  // First three and last four of a seven-digit landline would be all of it.
  if (number.length < 11) return `****${number.slice(-4)}`;
  return `${number.slice(0, 3)}****${number.slice(-4)}${extension === undefined ? '' : '_****'}`;
}

/** `学正街18号` → `学正街**`. */
export function maskAddress(address: string): string {
  const start = [...address.trim()].slice(0, 3).join('');
  return start === '' ? '' : `${start}**`;
}

/** A note stays readable for the kitchen; runs of five digits and more are phone or door numbers and go. */
export function maskNote(note: string): string {
  return note.replaceAll(/\d(?:[\d\s_-]*\d){4,}/gu, '****');
}
