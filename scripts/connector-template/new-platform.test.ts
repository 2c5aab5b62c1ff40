import { connectorSuite } from '../../test/kit/connector-suite.ts';
import { decodeUtf8, isLosslessObject, parseLossless, scalarText } from '../../src/core/json.ts';
import { STATUSES } from './callback.ts';
import { newPlatform } from './index.ts';
import { sign } from './signature.ts';

const json = { contentType: 'application/json; charset=utf-8' };

connectorSuite(newPlatform, {
  fixtures: new URL('fixtures/', import.meta.url),
  replies: [
    { outcome: 'stored', status: 200, ...json, body: '{"code":0}' },
    { outcome: 'rejected', status: 401, ...json, body: '{"code":401}' },
  ],
  statuses: {
    all: Object.keys(STATUSES),
    of: ({ body }) => {
      const fields = parseLossless(decodeUtf8(body) ?? '');
      return isLosslessObject(fields) ? scalarText(fields.get('status')) : undefined;
    },
  },
  resign: (request, account) => {
    const [secret] = account.secrets('appSecret');
    if (secret === undefined) return undefined;
    return { ...request, headers: { ...request.headers, 'x-signature': sign(secret.value, request.body) } };
  },
});
