import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';

interface Field {
  readonly name: string;
  readonly default: unknown;
  readonly choices: readonly string[];
  readonly minimum: number | null;
}
interface Platform {
  readonly id: string;
  readonly topics: readonly { readonly name: string }[];
  readonly credentials: readonly Field[];
  readonly settings: readonly Field[];
  readonly actions: readonly { readonly name: string; readonly params: readonly Field[] }[];
}

let api: TestApi;
let platforms: ReadonlyMap<string, Platform>;
before(async () => {
  api = await createTestApi();
  const { data } = (await api.call('GET', '/api/v1/platforms')).body as { readonly data: readonly Platform[] };
  platforms = new Map(data.map((one) => [one.id, one]));
});
after(() => api.close());

const namesOf = (fields: readonly { readonly name: string }[] = []): readonly string[] =>
  fields.map(({ name }) => name);

// What others program against: only ever added to. Names, not what the connectors happen to have.
const CREDENTIALS: Readonly<Record<string, string>> = {
  'meituan-union': 'appkey secret callbackSecret',
  'meituan-waimai': 'developerId signKey',
  eleme: 'appKey appSecret',
  douyin: 'appId appSecret salt token privateKey keyVersion platformPublicKey',
  em: 'appid appSecret',
  vending: 'appid appSecret merchantKey',
  custom: 'secret',
};
const WAIMAI_TOPICS =
  'bind unbind order confirmed completed cancelled refund partial-refund delivery store-status settlement reminder privacy heartbeat';

test('accounts take the credentials and callbacks the topics that were promised', () => {
  for (const [id, names] of Object.entries(CREDENTIALS)) {
    const had = namesOf(platforms.get(id)?.credentials);
    for (const name of names.split(' ')) assert.ok(had.includes(name), `${id}: ${name} of ${had.join(', ')}`);
  }
  const topics = namesOf(platforms.get('meituan-waimai')?.topics);
  for (const name of WAIMAI_TOPICS.split(' ')) assert.ok(topics.includes(name), name);
});

const WEEK_SECONDS = 604_800;
const SETTINGS: readonly (readonly [platforms: string, name: string, standard?: unknown])[] = [
  ['meituan-union meituan-waimai eleme douyin em vending', 'baseUrl'],
  ['meituan-waimai', 'bindUrl'],
  ['meituan-union', 'mediaBaseUrl'],
  ['meituan-union', 'generation', 'g2'],
  ['meituan-union', 'availableAfterSeconds', WEEK_SECONDS],
  ['em', 'signScheme', 'secret-wrap-kv-lower'],
  ['meituan-waimai eleme', 'autoAccept', false],
  ['vending douyin', 'holdSeconds', 1200],
  ['vending', 'dispenseTimeoutSeconds', 120],
  ['vending', 'oneItemPerDispense', true],
  ['douyin', 'settleAfterSeconds', WEEK_SECONDS],
  ['vending', 'settleAfterSeconds'],
  ['douyin', 'defaultImage'],
  ['douyin', 'detailUrl'],
  ['vending douyin', 'latePayment', 'refund'],
  ['meituan-union meituan-waimai eleme douyin vending', 'repairSeconds'],
];

test('accounts take the settings that were promised, and where nothing is said those defaults hold', () => {
  for (const [ids, name, ...standard] of SETTINGS) {
    for (const id of ids.split(' ')) {
      const field = platforms.get(id)?.settings.find((one) => one.name === name);
      assert.ok(field !== undefined, `${id}: ${name}`);
      if (standard.length > 0) assert.deepEqual(field.default, standard[0], `${id}: ${name}`);
      if (name === 'latePayment') assert.deepEqual(field.choices.toSorted(), ['ask', 'refund', 'revive']);
      if (name === 'holdSeconds') assert.equal(field.minimum, 1);
    }
  }
});

const ACTIONS: Readonly<Record<string, string>> = {
  accept: '',
  cancel: 'reasonCode reason',
  'agree-refund': '',
  'reject-refund': 'reason',
  ready: '',
  assign: 'name phone',
  'picked-up': '',
  position: 'lng lat',
  delivered: '',
  refund: 'amount reason items',
  settle: 'description splits final',
  push: '',
  dispense: '',
  query: '',
  paid: 'amount channel reference',
  'refund-done': 'reference',
  audited: 'reason',
};

test('every promised action can be done somewhere, and takes its parameters wherever it can', () => {
  for (const [action, params] of Object.entries(ACTIONS)) {
    const specs = [...platforms.values()].flatMap(({ id, actions }) =>
      actions.filter(({ name }) => name === action).map((spec) => ({ id, had: namesOf(spec.params) })),
    );
    assert.ok(specs.length > 0, action);
    for (const { id, had } of specs) {
      for (const name of params.split(' ').filter((one) => one !== ''))
        assert.ok(had.includes(name), `${id}: ${action} takes ${had.join(', ')}, and not ${name}`);
    }
  }
});
