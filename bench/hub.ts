import { readConfig } from '../src/server/config.ts';
import { startHub } from '../src/server/start.ts';

/** The hub as a process of its own, against the database of the benchmark. */
interface Start {
  readonly databaseUrl: string;
  readonly dataDir: string;
}

process.once('message', ({ databaseUrl, dataDir }: Start) => {
  const config = readConfig({
    DATABASE_URL: databaseUrl,
    HUIDAN_DATA_DIR: dataDir,
    HUIDAN_PORT: '0',
    HUIDAN_LOG_LEVEL: 'warn',
    HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
  });
  startHub(config).then(
    (hub) => {
      process.send?.({ url: hub.url, key: hub.adminKey });
      process.on('disconnect', () => {
        void hub.stop().then(() => process.exit(0));
      });
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
