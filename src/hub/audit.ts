import { newId } from '../core/ids.ts';
import { insertAudit } from '../store/audit-log.ts';
import type { AuditRow } from '../store/audit-log.ts';
import type { Queryable } from '../store/pool.ts';
import type { Principal } from './access.ts';
import type { HubContext } from './context.ts';

/** Notes down what a key or a user did. Give it the transaction of the deed, so that neither exists without the other. */
export async function recordAudit(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  db: Queryable,
  principal: Principal,
  entry: Pick<AuditRow, 'action' | 'subject' | 'detail'>,
): Promise<void> {
  const nowMs = ctx.clock();
  await insertAudit(db, {
    id: newId('aud', nowMs, ctx.randomBytes),
    at: new Date(nowMs),
    apiKeyId: principal.role === undefined ? principal.id : null,
    userId: principal.role === undefined ? null : principal.id,
    name: principal.name,
    ...entry,
  });
}
