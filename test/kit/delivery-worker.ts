/**
 * A delivery worker in a process of its own, for tests that kill one:
 * `delivery-worker.ts <database url> [<crash point> <nth time>]`. It kills itself at the named place.
 */
import { createPool } from '../../src/store/pool.ts';
import { startDeliveries } from '../../src/hub/deliver.ts';
import { testContext } from './deliveries.ts';

const [url, crashPoint, nth] = process.argv.slice(2);
if (url === undefined) throw new Error('delivery-worker.ts <database url> [<crash point> <nth time>]');

let passed = 0;
const context = testContext(createPool({ url }), {
  crash: (name) => {
    if (name !== crashPoint) return;
    passed += 1;
    if (passed === Number(nth)) process.kill(process.pid, 'SIGKILL');
  },
});
startDeliveries(context, { allowPrivateTargets: true, pollMs: 50, leaseMs: 600 });
process.send?.('started');
process.on('disconnect', () => process.exit());
