import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VendingWorld } from '../kit/vending-world.ts';

const cola = (quantity = 1) => ({ machineNo: '10000001', items: [{ productId: 121, quantity }] });

describe('machines and their stock', () => {
  let world: VendingWorld;
  before(async () => {
    world = await VendingWorld.open();
  });
  after(() => world.api.close());

  test('a sync finds the machines with their slots', async () => {
    const synced = await world.sync();
    assert.equal(synced.status, 200, synced.text);
    assert.deepEqual(synced.body, { machines: 5, slots: 30, changes: 35, failed: [] });
    const again = await world.sync();
    assert.equal(again.body.changes, 0);
    const list = await world.api.call('GET', '/api/v1/machines?limit=2');
    assert.deepEqual(
      list.body.data.map(({ machine, online, available, slotCount }: Record<string, unknown>) => [
        machine,
        online,
        available,
        slotCount,
      ]),
      [
        ['10000001', true, 300, 6],
        ['10000002', true, 300, 6],
      ],
    );
    const rest = await world.api.call('GET', `/api/v1/machines?limit=2&cursor=${list.body.nextCursor}`);
    assert.equal(rest.body.data[0].machine, '10000003');
    const offline = await world.api.call('GET', '/api/v1/machines?online=false');
    assert.deepEqual(
      offline.body.data.map(({ machine }: { machine: string }) => machine),
      ['10000004'],
    );
    assert.equal((await world.api.call('GET', '/api/v1/machines?q=食堂')).body.data[0].machine, '10000002');
    assert.equal((await world.api.call('GET', '/api/v1/machines/vm-1/99999999')).body.code, 'machine_not_found');
    const types = await world.told();
    assert.equal(types.filter((type) => type === 'machine.added').length, 5);
    assert.equal(types.filter((type) => type === 'stock.changed added').length, 30);
  });

  test('what machines sell is listed by the number that orders name it by, within the limits of who asks', async () => {
    const first = await world.api.call('GET', '/api/v1/products?limit=1');
    const rest = await world.api.call('GET', `/api/v1/products?limit=500&cursor=${first.body.nextCursor}`);
    const all = [...first.body.data, ...rest.body.data];
    assert.equal(all.length, new Set(all.map(({ productId }: { productId: string }) => productId)).size);
    assert.deepEqual(
      all.find(({ productId }: { productId: string }) => productId === '121'),
      { account: 'vm-1', productId: '121', name: '可乐' },
    );
    const key = await world.api.key({ name: 'elsewhere', right: 'read', shops: ['shp_none'] });
    assert.deepEqual((await world.api.call('GET', '/api/v1/products', { key })).body.data, []);
  });

  test('an order holds, a dispensed item is gone, and each change is told with its cause', async () => {
    const made = await world.order(cola(2));
    assert.equal(made.status, 201, made.text);
    assert.equal(made.body.amounts.total, 700, 'the mirror knows the prices');
    assert.equal(made.body.items[0].name, '可乐');
    assert.equal(await world.slot('10000001', '121'), '50 2 48');
    await world.act(made.body.id, 'paid', { channel: 'cash', reference: 'r-1' });
    await world.pass(40);
    const order = await world.shown(made.body.id);
    assert.equal(order.status, 'completed', JSON.stringify(order));
    assert.equal(await world.slot('10000001', '121'), '48 0 48');
    const changes = await world.api.call('GET', '/api/v1/machines/vm-1/10000001/changes?productId=121');
    assert.deepEqual(
      changes.body.data.map(({ cause, onHandBy, heldBy, available, order: by }: Record<string, unknown>) => [
        cause,
        onHandBy,
        heldBy,
        available,
        by === made.body.id,
      ]),
      [
        ['dispensed', -1, -1, 48, true],
        ['dispensed', -1, -1, 48, true],
        ['held', 0, 2, 48, true],
        ['added', 50, 0, 50, false],
      ],
    );
    const pages = await world.api.call('GET', '/api/v1/machines/vm-1/10000001/changes?productId=121&limit=2');
    const more = await world.api.call(
      'GET',
      `/api/v1/machines/vm-1/10000001/changes?productId=121&limit=2&cursor=${pages.body.nextCursor}`,
    );
    assert.deepEqual(
      more.body.data.map(({ cause }: { cause: string }) => cause),
      ['held', 'added'],
    );
    const [hub, platform] = await world.bothStocks();
    assert.deepEqual(hub, platform);
  });

  test('a hold that runs out is returned once, whoever closes it', async () => {
    const made = await world.order(cola(3));
    assert.equal(await world.slot('10000001', '121'), '48 3 45');
    await world.pass(1300, { step: 10 });
    assert.equal((await world.shown(made.body.id)).status, 'expired');
    assert.equal(await world.slot('10000001', '121'), '48 0 48');
    const [hub, platform] = await world.bothStocks();
    assert.deepEqual(hub, platform);
    await world.pass(60);
    assert.equal(await world.slot('10000001', '121'), '48 0 48');
    assert.equal((await world.told()).filter((type) => type === 'stock.changed returned').length, 1);
  });

  test('an order that the platform refuses holds nothing', async () => {
    const soldOut = await world.order({ ...cola(60), amount: 100 });
    assert.deepEqual([soldOut.status, soldOut.body.code], [422, 'order_create_failed']);
    assert.match(soldOut.body.detail, /60003/u);
    assert.equal(await world.slot('10000001', '121'), '48 0 48');
    const away = await world.order({ machineNo: '10000004', items: [{ productId: 421, quantity: 1 }] });
    assert.match(away.body.detail, /30002/u);
  });

  test('a jam takes its item out of the sale and is the slot’s fault', async () => {
    const made = await world.order({
      machineNo: '10000002',
      items: [
        { productId: 221, quantity: 1 },
        { productId: 225, quantity: 1 },
      ],
    });
    await world.act(made.body.id, 'paid', {});
    await world.pass(60);
    const order = await world.shown(made.body.id);
    assert.deepEqual([order.status, order.flags.includes('delivery_trouble')], ['completed', true]);
    assert.equal(await world.slot('10000002', '225'), '49 0 49');
    const faulty = await world.api.call('GET', '/api/v1/machines?faulty=true');
    assert.deepEqual(
      faulty.body.data.map(({ machine, faultySlots }: Record<string, unknown>) => [machine, faultySlots]),
      [['10000002', 1]],
    );
    assert.ok((await world.told()).includes('machine.fault'));
    const [hub, platform] = await world.bothStocks();
    assert.deepEqual(hub, platform);
  });

  test('a creation whose answer is lost makes one order and one hold', async () => {
    world.next.set('order.create', 'done-but-silent');
    const sent = world.calls.filter((call) => call === 'order.create').length;
    const lost = await world.order(cola());
    assert.ok([422, 503].includes(lost.status), lost.text);
    await world.pass(1300, { step: 10 });
    assert.equal(world.calls.filter((call) => call === 'order.create').length, sent + 2);
    // Somebody has filled the machine up meanwhile, which the hub learns by asking.
    assert.equal(await world.slot('10000001', '121'), '48 0 48');
    await world.sync();
    assert.equal(await world.slot('10000001', '121'), '60 0 60');
    const [hub, platform] = await world.bothStocks();
    assert.deepEqual(hub, platform);
  });

  test('a command whose answer is lost drops one item', async () => {
    const made = await world.order(cola());
    world.next.set('delivery.put', 'done-but-silent');
    const sent = world.calls.filter((call) => call === 'delivery.put').length;
    await world.act(made.body.id, 'paid', {});
    await world.pass(60);
    assert.equal((await world.shown(made.body.id)).status, 'completed');
    assert.equal(world.calls.filter((call) => call === 'delivery.put').length, sent + 1);
    assert.equal(await world.slot('10000001', '121'), '59 0 59');
  });

  test('the same command is taken once, whoever asks for it and however often', async () => {
    const made = await world.order(cola());
    await world.api.call('PATCH', '/api/v1/accounts/vm-1', {
      body: { settings: { baseUrl: 'http://platform.test', life: false } },
    });
    await world.act(made.body.id, 'paid', {});
    await world.act(made.body.id, 'query');
    const command = { body: { action: 'dispense', params: {} } };
    const path = `/api/v1/orders/${made.body.id}/actions`;
    const answers = await Promise.all([1, 2, 3].map(() => world.api.call('POST', path, command)));
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [202, 422, 422],
    );
    const sent = world.calls.filter((call) => call === 'delivery.put').length;
    await world.pass(30);
    assert.equal(world.calls.filter((call) => call === 'delivery.put').length, sent + 1);
    assert.equal((await world.api.call('POST', path, command)).body.code, 'action_refused');
    assert.equal(await world.slot('10000001', '121'), '58 0 58');
    await world.api.call('PATCH', '/api/v1/accounts/vm-1', {
      body: { settings: { baseUrl: 'http://platform.test', life: true } },
    });
  });

  test('without a single callback a sale comes to its end all the same', async () => {
    const made = await world.order(cola());
    await world.act(made.body.id, 'paid', {});
    await world.pass(60, { deliver: false });
    assert.equal((await world.shown(made.body.id)).status, 'completed');
    assert.equal(await world.slot('10000001', '121'), '57 0 57');
  });

  test('a key that is limited sees and reads its own machines alone', async () => {
    const other = await world.api.key({ name: 'other', right: 'write', accounts: ['vm-2'] });
    const own = await world.api.key({ name: 'own', right: 'write', accounts: ['vm-1'] });
    const merchant = await world.api.key({ name: 'merchant', right: 'write', merchants: ['mch_nobody'] });
    for (const key of [other, merchant]) {
      assert.deepEqual((await world.api.call('GET', '/api/v1/machines', { key })).body.data, []);
      for (const [method, path] of [
        ['GET', ''],
        ['GET', '/changes'],
        ['POST', '/sync'],
      ] as const) {
        const answer = await world.api.call(method, `/api/v1/machines/vm-1/10000001${path}`, { key });
        assert.equal(answer.body.code, 'machine_not_found', path);
      }
      const all = await world.api.call('POST', '/api/v1/machines/sync', { key, body: { account: 'vm-1' } });
      assert.ok([403, 404].includes(all.status));
    }
    assert.equal((await world.api.call('GET', '/api/v1/machines', { key: own })).body.data.length, 5);
    const synced = await world.api.call('POST', '/api/v1/machines/vm-1/10000001/sync', { key: own });
    assert.equal(synced.status, 200, synced.text);
    const reader = await world.api.key({ name: 'reader', right: 'read' });
    assert.equal((await world.api.call('POST', '/api/v1/machines/vm-1/10000001/sync', { key: reader })).status, 403);
  });

  test('a platform without machines, or away, is said so', async () => {
    const body = {
      id: 'em-1',
      platform: 'em',
      name: 'em',
      credentials: { appid: 'a', appSecret: 'secret-em' },
      settings: {},
    };
    assert.equal((await world.api.call('POST', '/api/v1/accounts', { body })).status, 201);
    const none = await world.api.call('POST', '/api/v1/machines/sync', { body: { account: 'em-1' } });
    assert.equal(none.body.code, 'machines_unsupported');
    world.next.set('machines', 'lost');
    assert.equal((await world.sync()).body.code, 'platform_unreachable');
  });
});
