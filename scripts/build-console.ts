// npm start, npm test and npm run build:console: builds console/dist unless it is there already for these very sources.
import { join } from 'node:path';
import { buildConsole } from './console/build.ts';

const rootDir = join(import.meta.dirname, '..');
process.exitCode = (await buildConsole(rootDir, (text) => process.stderr.write(`${text}\n`))) ? 0 : 1;
