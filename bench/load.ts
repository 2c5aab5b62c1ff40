import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { pushesOf } from './pushes.ts';

/** What one load run measured. */
export interface LoadResult {
  readonly sent: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadJob {
  readonly url: string;
  readonly run: string;
  readonly orders: number;
  readonly connections: number;
}

/**
 * Sends a run's pushes over so many keep-alive connections, one request in flight on each, and counts what was
 * acknowledged. Plain sockets and requests made beforehand: the client shares two cores with what it measures, and a
 * general HTTP client would take as much of them as the server.
 */
async function load(job: LoadJob): Promise<LoadResult> {
  const url = new URL(job.url);
  const requests = [...pushesOf(job.run, job.orders)].map((body) => {
    const length = Buffer.byteLength(body);
    return Buffer.from(
      `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
    );
  });
  const latencies: number[] = [];
  let next = 0;
  let failed = 0;

  const worker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket: Socket = connect(Number(url.port), url.hostname);
      socket.setNoDelay(true);
      let startedAt = 0;
      let answer = '';
      const sendNext = (): void => {
        const request = requests[next];
        next += 1;
        if (request === undefined) {
          socket.end();
          resolve();
          return;
        }
        startedAt = performance.now();
        socket.write(request);
      };
      socket.on('connect', sendNext);
      socket.on('error', reject);
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1');
        const headEnd = answer.indexOf('\r\n\r\n');
        if (headEnd === -1) return;
        const length = Number(/content-length: (\d+)/iu.exec(answer)?.[1] ?? 0);
        if (answer.length < headEnd + 4 + length) return;
        latencies.push(performance.now() - startedAt);
        if (!answer.startsWith('HTTP/1.1 200') || !answer.includes('"errcode":"0"')) failed += 1;
        answer = '';
        sendNext();
      });
    });

  const startedAt = performance.now();
  await Promise.all(Array.from({ length: job.connections }, worker));
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const acknowledged = latencies.length - failed;
  const percentile = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  return {
    sent: latencies.length,
    acknowledged,
    failed,
    seconds,
    perSecond: acknowledged / seconds,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
  };
}

// A process of its own: told its job by the parent, answers with the result.
process.once('message', (job: LoadJob) => {
  load(job).then(
    (result) => process.send?.(result, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
