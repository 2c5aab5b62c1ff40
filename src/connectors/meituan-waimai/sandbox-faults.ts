import { parseForm } from '../../core/form.ts';
import type { IncomingCall, SandboxFault } from '../../core/sandbox.ts';
import { fault as faultText } from './sandbox-told.ts';

const fieldsOf = ({ method, query, body }: IncomingCall) => parseForm(method === 'GET' ? query : body);

const fault = (name: string, code: string, message: string): SandboxFault => ({
  name,
  // Calls about the developer as a whole carry no token that could have run out.
  applies: (call) =>
    call.path.startsWith('/waimai/') &&
    (code !== 'OP_AUTH_TOKEN_INVALID' || fieldsOf(call)?.has('appAuthToken') === true),
  answer(call) {
    const told = faultText(code, message);
    const isSecond = fieldsOf(call)?.get('version') === '2';
    return {
      status: 200,
      contentType: 'application/json;charset=UTF-8',
      body: isSecond ? told.second : told.first,
    };
  },
});

/** Troubles that can be asked for; the call is then not done. */
export const faults: readonly SandboxFault[] = [
  fault('rate_limit', 'OP_RATE_LIMIT', '请求过于频繁，请稍后重试'),
  fault('server_busy', 'OP_SERVICE_BUSY', '服务繁忙，请稍后重试'),
  fault('expired_token', 'OP_AUTH_TOKEN_INVALID', 'appAuthToken 无效或已解绑'),
];
