import { createServer } from 'node:http';

/** What the receiver has seen. A gap is a sequence that came before the one below it. */
export interface ReceiverReport {
  readonly events: number;
  readonly orders: number;
  readonly sequences: number;
  readonly gaps: number;
}

/** Takes webhooks and answers 204 at once. Any message from the parent is answered with a report; `reset` forgets. */
const seen = new Map<string, number>();
let events = 0;
let gaps = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(204).end();
    events += 1;
    const text = Buffer.concat(chunks).toString('utf8');
    // Read by pattern: parsing whole orders here would measure the receiver.
    const order = /"order":\{"id":"([^"]+)"/u.exec(text)?.[1];
    const sequence = Number(/"sequence":(\d+)/u.exec(text)?.[1] ?? 0);
    if (order === undefined) return;
    const last = seen.get(order) ?? 0;
    if (sequence > last + 1) gaps += 1;
    if (sequence > last) seen.set(order, sequence);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
process.on('message', (message: string) => {
  if (message === 'reset') {
    seen.clear();
    events = 0;
    gaps = 0;
  }
  const sequences = [...seen.values()].reduce((sum, last) => sum + last, 0);
  process.send?.({ events, orders: seen.size, sequences, gaps } satisfies ReceiverReport);
});
process.on('disconnect', () => process.exit(0));
