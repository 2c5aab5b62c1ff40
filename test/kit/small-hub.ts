/**
 * The least that a hub does, for tests that kill one: `small-hub.ts <data folder> [state folder]` starts the database, says so and
 * waits for its end.
 */
import { silentLog } from '../../src/store/pool.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/start.ts';

const [dataDir, stateDirectory] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('small-hub.ts <data folder> [state folder]');

const server = await startEmbeddedPostgres({
  dataDir,
  log: silentLog,
  ...(stateDirectory === undefined ? {} : { stateDirectory }),
});
console.log(
  JSON.stringify({
    url: server.url,
    home: server.home,
    postmasterPid: server.postmasterPid(),
    guardPid: server.guardPid(),
  }),
);
setInterval(() => {}, 60_000);
