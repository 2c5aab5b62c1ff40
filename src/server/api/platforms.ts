import Type from 'typebox';
import type { AccountField } from '../../core/account-fields.ts';
import type { ActionSpec } from '../../core/action.ts';
import type { Creation } from '../../core/creation.ts';
import { fieldsSchema } from '../../hub/account-input.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { OrderKind } from './order-shape.ts';
import { Nullable, Page } from './shapes.ts';

const Words = Type.Object({ en: Type.String(), zh: Type.String() });
const Field = Type.Object({
  name: Type.String(),
  kind: Type.Enum(['text', 'url', 'integer', 'boolean', 'choice', 'json']),
  label: Words,
  help: Words,
  required: Type.Boolean(),
  default: Type.Unknown({ description: 'null: none.' }),
  choices: Type.Array(Type.String()),
  minimum: Nullable(Type.Integer()),
  maximum: Nullable(Type.Integer()),
  maxLength: Nullable(Type.Integer({ description: 'In characters.' })),
  pattern: Nullable(Type.String()),
});
const JsonSchema = Type.Record(Type.String(), Type.Unknown(), { description: 'As JSON Schema.' });

const Action = Type.Object({
  name: Type.String(),
  label: Words,
  params: Type.Array(Field),
  moves: Type.Enum(['nothing', 'money', 'goods'], { description: 'What a doubled call would cost.' }),
});

const Platform = Type.Object({
  id: Type.String(),
  label: Words,
  orderKinds: Type.Array(OrderKind),
  topics: Type.Array(Type.Object({ name: Type.String(), label: Words })),
  credentials: Type.Array(Field),
  settings: Type.Array(Field),
  credentialsSchema: JsonSchema,
  settingsSchema: JsonSchema,
  binding: Nullable(
    Type.Enum(['link', 'oauth'], {
      description: 'How its stores are bound: by a link of each store, or by a seller who authorises all of his.',
    }),
  ),
  actions: Type.Array(Action, {
    description: 'What can be done to orders; those that the hub does by itself left out.',
  }),
  creation: Nullable(
    Type.Object(
      {
        fields: Type.Array(Field),
        adoptFields: Nullable(
          Type.Array(Field, { description: 'null: an order is read from the platform, by its number alone.' }),
        ),
      },
      {
        description:
          'What `POST /api/v1/orders` and `/orders/adopt` want beside account and number; null: none are made.',
      },
    ),
  ),
});

/** `/api/v1/platforms`: what can be connected, and which credentials and settings an account of each takes. */
export function platformRoutes(scope: ApiScope, { ctx }: ApiContext): void {
  scope.get(
    '/platforms',
    {
      config: { right: 'read' },
      schema: {
        tags: ['accounts'],
        summary: 'List the platforms that can be connected',
        description:
          'With the credentials and settings that an account of each takes, and what can be done to its orders.',
        response: { 200: Page(Platform) },
      },
    },
    async () => ({
      data: ctx.registry.all.map(({ id, label, orderKinds, topics, account, binding, actions, creation }) => ({
        id,
        label,
        orderKinds,
        topics: topics === 'token' ? [] : topics,
        credentials: account.credentials.map(toField),
        settings: account.settings.map(toField),
        credentialsSchema: fieldsSchema(account.credentials),
        settingsSchema: fieldsSchema(account.settings),
        binding: binding?.style ?? null,
        actions: (actions?.specs ?? []).filter(({ internal }) => internal !== true).map(toAction),
        creation: creation === undefined ? null : toCreation(creation),
      })),
      nextCursor: null,
    }),
  );
}

const toAction = ({ name, label, params, moves }: ActionSpec) => ({
  name,
  label,
  params: params.filter(({ supplied }) => supplied !== true).map(toField),
  moves,
});

const toCreation = ({ fields, adoptFields, planAdopted }: Creation) => ({
  fields: fields.map(toField),
  adoptFields: planAdopted === undefined ? null : (adoptFields ?? fields).map(toField),
});

function toField(field: AccountField) {
  const { name, kind, label, help, required } = field;
  return {
    name,
    kind,
    label,
    help,
    required,
    default: field.default ?? null,
    choices: field.kind === 'choice' ? field.choices : [],
    minimum: field.kind === 'integer' ? field.minimum : null,
    maximum: field.kind === 'integer' ? field.maximum : null,
    maxLength: field.kind === 'text' ? field.maxLength : null,
    pattern: (field.kind === 'text' ? field.pattern : undefined) ?? null,
  };
}
