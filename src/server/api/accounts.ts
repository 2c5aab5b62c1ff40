import Type from 'typebox';
import type { Json } from '../../core/json.ts';
import type { Principal } from '../../hub/access.ts';
import { recordAudit } from '../../hub/audit.ts';
import { checkAccount } from '../../hub/check-account.ts';
import {
  changeAccount,
  createAccount,
  deleteAccount,
  listAccounts,
  readAccount,
  removeAccountSecret,
} from '../../hub/manage-accounts.ts';
import type { AccountChange, AccountRules } from '../../hub/manage-accounts.ts';
import { applyHeldCallbacks } from '../../hub/redrive.ts';
import type { Tx } from '../../store/transaction.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { AccountId, FilterText, NO_BODY, Nullable, Page, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const Mode = Type.Enum(['live', 'observe', 'paused'], {
  description: 'live; observe: store, never act; paused: keep callbacks and apply them once it is live again.',
});
const Values = Type.Unsafe<Record<string, Json>>(Type.Record(Type.String(), Type.Unknown()));
const Name = Type.String({ minLength: 1, maxLength: 200 });

const Account = Type.Object({
  id: AccountId,
  platform: Type.String(),
  name: Type.String(),
  mode: Mode,
  merchant: Nullable(Type.String()),
  settings: Type.Unsafe<Readonly<Record<string, Json>>>(Type.Record(Type.String(), Type.Unknown())),
  callbacks: Type.Array(
    Type.Object({
      topic: Type.String({ description: 'Empty where the platform has one address for all.' }),
      url: Type.String(),
    }),
  ),
  secrets: Type.Array(
    Type.Object({
      field: Type.String(),
      fingerprint: Type.String({ description: 'Tells values apart and says nothing about them.' }),
      createdAt: Time,
      validUntil: Nullable(Time),
    }),
  ),
  createdAt: Time,
  updatedAt: Time,
});

const NewAccountBody = Type.Object(
  {
    id: AccountId,
    platform: Type.String({ minLength: 1, maxLength: 100 }),
    name: Name,
    mode: Type.Optional(Mode),
    merchant: Type.Optional(Nullable(FilterText('The merchant whose account it is.'))),
    credentials: Type.Optional(Values),
    settings: Type.Optional(Values),
  },
  { additionalProperties: false },
);

const AccountChangeBody = Type.Object(
  {
    name: Type.Optional(Name),
    mode: Type.Optional(Mode),
    merchant: Type.Optional(Nullable(FilterText('The merchant whose account it is.'))),
    credentials: Type.Optional(Values),
    settings: Type.Optional(Values),
    oldSecretsValidSeconds: Type.Optional(
      Nullable(
        Type.Integer({
          minimum: 0,
          maximum: 31_536_000,
          description:
            'How long old values of changed callback secrets stay valid. Default 604800 (7 days), but until removed where the platform goes on signing with them; null: until removed.',
        }),
      ),
    ),
  },
  { additionalProperties: false },
);

const CheckResult = Type.Object({
  ok: Type.Boolean(),
  message: Type.String({ description: 'What the platform said.' }),
  code: Nullable(Type.String({ description: 'Where it refused: the platform’s code.' })),
  class: Nullable(
    Type.Enum(['retry', 'alert', 'final'], {
      description: 'retry: ask again later; alert: credentials or rights; final: never in this form.',
    }),
  ),
});

const AccountParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `/api/v1/accounts`. */
export function accountRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'accounts', IdPlace);
  const rules = (): AccountRules => ({ publicUrl: api.publicUrl(), targets: api.targets });
  const tags = ['accounts'];

  scope.post(
    '/accounts',
    {
      config: { right: 'admin' },
      schema: { tags, summary: 'Add an account of a platform', body: NewAccountBody, response: { 201: Account } },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const account = await createAccount(ctx, tx, principal, request.body, rules());
        await record(tx, principal, 'account.created', account.id, { platform: account.platform });
        afterCommit(() => api.redrive.accounts.forget(account.id));
        return { status: 201, body: account };
      }),
  );

  scope.get(
    '/accounts',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List accounts',
        querystring: Type.Object(
          {
            platform: Type.Optional(FilterText('Id of a platform.')),
            merchant: Type.Optional(FilterText('A merchant.')),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(Account) },
      },
    },
    async (request) => {
      const { query } = request;
      const principal = principalOf(request);
      const filter = {
        platform: query.platform ?? null,
        merchant: query.merchant ?? null,
        afterId: cursors.read(query)?.id ?? null,
      };
      return pageOf(
        query,
        (limit) => listAccounts(ctx, ctx.pool, principal, { ...filter, limit }, rules()),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/accounts/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read an account', params: AccountParams, response: { 200: Account } },
    },
    (request) => readAccount(ctx, ctx.pool, principalOf(request), request.params.id, rules()),
  );

  scope.patch(
    '/accounts/:id',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Change an account',
        description: 'Only what is named changes. Name and mode need the right "write", the rest "admin".',
        params: AccountParams,
        body: AccountChangeBody,
        response: { 200: Account },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const change = request.body as AccountChange;
        const { before, after } = await changeAccount(ctx, tx, principal, request.params.id, change, rules());
        // Which credentials, never their values.
        await record(tx, principal, 'account.changed', after.id, {
          fields: Object.keys(change),
          ...(change.credentials === undefined ? {} : { credentials: Object.keys(change.credentials) }),
        });
        afterCommit(() => {
          api.redrive.accounts.forget(after.id);
          if (before.mode === 'paused' && after.mode !== 'paused') applyHeld(after.id);
        });
        return { status: 200, body: after };
      }),
  );

  scope.delete(
    '/accounts/:id',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Delete an account',
        description:
          'Its secrets are wiped and its addresses answer 404. Its orders stay readable; its id is never used again.',
        params: AccountParams,
        response: NO_BODY,
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        await deleteAccount(ctx, tx, principal, request.params.id);
        await record(tx, principal, 'account.deleted', request.params.id, {});
        afterCommit(() => api.redrive.accounts.forget(request.params.id));
        return { status: 204, body: undefined };
      }),
  );

  scope.delete(
    '/accounts/:id/secrets/:field/:fingerprint',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Remove one value of a secret',
        params: Type.Object({
          id: Type.String({ maxLength: 200 }),
          field: Type.String({ maxLength: 200 }),
          fingerprint: Type.String({ maxLength: 100 }),
        }),
        response: NO_BODY,
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const { id, field, fingerprint } = request.params;
        await removeAccountSecret(ctx, tx, principal, id, field, fingerprint);
        await record(tx, principal, 'account.secret_removed', id, { field, fingerprint });
        afterCommit(() => api.redrive.accounts.forget(id));
        return { status: 204, body: undefined };
      }),
  );

  scope.post(
    '/accounts/:id/check',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Prove the credentials of an account',
        description: 'One harmless call to the platform. 422 `check_unsupported` where the hub knows none yet.',
        params: AccountParams,
        response: { 200: CheckResult },
      },
    },
    async (request) => {
      await readAccount(ctx, ctx.pool, principalOf(request), request.params.id, rules());
      return checkAccount(ctx, api.redrive, request.params.id);
    },
  );

  function record(
    tx: Tx,
    principal: Principal,
    action: string,
    subject: string,
    detail: { readonly [name: string]: Json },
  ): Promise<void> {
    return recordAudit(ctx, tx, principal, { action, subject, detail });
  }

  function applyHeld(accountId: string): void {
    applyHeldCallbacks(ctx, api.redrive, accountId).catch((error: unknown) => {
      // A chore looks for what was left.
      ctx.log.warn(
        { err: error, account: accountId },
        'callbacks held while the account was paused were not applied yet',
      );
    });
  }
}
