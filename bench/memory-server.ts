import fastify from 'fastify';
import { secretFingerprint } from '../src/core/signing.ts';
import { connectors } from '../src/connectors/registry.ts';
import { callbackDoor } from '../src/server/callbacks.ts';
import { CALLBACK_SECRET } from './pushes.ts';

/** The hub's own HTTP door in front of nothing: it verifies and parses each push and answers from memory. */
const connector = connectors.find(({ id }) => id === 'meituan-union');
if (connector === undefined) throw new Error('the benchmark needs the meituan-union connector');
const secret = { name: 'callbackSecret', value: CALLBACK_SECRET, fingerprint: secretFingerprint(CALLBACK_SECRET) };
const view = {
  id: 'bench',
  platform: connector.id,
  settings: {},
  storesVersion: 0,
  pendingBindings: new Set<string>(),
  secrets: (name: string) => (name === secret.name ? [secret] : []),
  credential: () => undefined,
};
const row = {
  id: 'bench',
  platform: connector.id,
  name: 'bench',
  mode: 'live',
  merchant: null,
  settings: {},
  storesVersion: 0,
  secrets: [],
} as const;
const account = { row, connector, view, viewWithOldSecrets: view };
const seen: unknown[] = [];

const app = fastify();
await app.register(callbackDoor, {
  accounts: { find: () => Promise.resolve(account), forget() {} },
  take(_account, request) {
    const verification = connector.verify(request, view);
    if (!verification.ok)
      return Promise.resolve({ reply: connector.reply('rejected', request), verdict: 'rejected' as const });
    seen.push(connector.parse(verification.accepted, view));
    return Promise.resolve({ reply: connector.reply('stored', request), verdict: 'applied' as const });
  },
  log: { debug() {}, info() {}, warn() {}, error() {} },
  clock: Date.now,
  bodyLimitBytes: 1_048_576,
  isStopping: () => false,
});
const address = await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.({ url: `${address}/callbacks/${connector.id}/bench` });
process.on('disconnect', () => process.exit(0));
