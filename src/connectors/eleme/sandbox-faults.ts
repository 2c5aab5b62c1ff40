import type { IncomingCall, SandboxFault } from '../../core/sandbox.ts';

const isAction = ({ path, body }: IncomingCall): boolean => path.startsWith('/api/v1') && body.includes('"action"');

const fault = (name: string, code: string, message: string): SandboxFault => ({
  name,
  applies: (call) => isAction(call) && (code !== 'UNAUTHORIZED' || !call.body.includes('"token":""')),
  answer: () => ({
    status: 200,
    contentType: 'application/json; charset=utf-8',
    body: JSON.stringify({ id: '', result: null, error: { code, message } }),
  }),
});

/** Troubles that can be asked for; the call is then not done. */
export const faults: readonly SandboxFault[] = [
  fault('rate_limit', 'EXCEED_LIMIT', '请求过于频繁'),
  fault('server_busy', 'SERVER_ERROR', '服务器繁忙'),
  fault('expired_token', 'UNAUTHORIZED', 'token 已失效'),
];
