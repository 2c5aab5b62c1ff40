-- Whose shops they are: a merchant has shops, a shop joins its stores on several platforms.

create table merchants (
  id text primary key,
  name text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table shops (
  id text primary key,
  merchant text references merchants (id),
  name text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create index shops_of_merchant on shops (merchant, id);

-- Changes with the numbers of an account's stores and with its open bindings, so that what is kept of them in memory
-- can be told from what is new by one number.
alter table accounts add column stores_version bigint not null default 0;

-- A store of an account. `ref` is the number that the platform's messages name it by. `merchant` and `shop` are those of
-- the shop that joined it; null: none, and the account's merchant counts.
create table stores (
  account_id text not null,
  ref text not null,
  name text,
  platform_store_id text,
  state text not null check (state in ('unbound', 'pending', 'proving', 'bound', 'released')),
  -- what keeps it from being what it should be, in words; null: nothing
  reason text,
  -- the token that opens it; null unless bound
  token_id text,
  open_state text,
  open_state_at timestamptz,
  merchant text,
  shop text,
  bound_at timestamptz,
  released_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (account_id, ref)
);

-- A key that is limited to a shop reads its orders by this; orders without a shop do not pay for it.
create index orders_by_shop on orders (account_id, shop, id) where shop is not null;

create index stores_of_shop on stores (shop, account_id, ref) where shop is not null;
create index stores_of_token on stores (account_id, token_id) where token_id is not null;
create index stores_by_platform_id on stores (account_id, platform_store_id) where platform_store_id is not null;

-- Tokens of stores, and of sellers whose one token opens several. A store's token begins as a candidate: it is used only
-- after the platform answered to it, so that nobody can push a token of his own in front of a good one.
create table store_tokens (
  account_id text not null,
  id text not null,
  -- the store that it came for; '' where it opens whatever the platform says
  store text not null,
  -- keyed hash of the access token as it came first: the same bind callback again is a repeat
  hash bytea not null,
  state text not null check (state in ('candidate', 'active', 'retired', 'refused')),
  -- the sealed token; wiped once it is retired or refused
  sealed bytea,
  -- how often it was refreshed
  version integer not null default 0,
  -- the platform's time of the binding; decides which of two is newer
  said_at timestamptz,
  platform_store_id text,
  name text,
  expires_at timestamptz,
  -- what is to be done next: prove a candidate, look whether a released one still opens its store, refresh
  task text check (task in ('prove', 'check', 'refresh')),
  due_at timestamptz,
  attempts integer not null default 0,
  reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (account_id, id)
);

create unique index store_tokens_known on store_tokens (account_id, store, hash);
create index store_tokens_due on store_tokens (account_id, due_at) where due_at is not null;

-- An address that was given out for binding a store, or for a seller's authorisation.
create table bindings (
  account_id text not null,
  id text not null,
  -- null: for whatever the seller's token opens
  store text,
  name text not null,
  options jsonb not null default '{}',
  state text not null check (state in ('pending', 'exchanging', 'done', 'cancelled')),
  -- keyed hash of the state that comes back with an authorisation
  state_hash bytea not null,
  sealed_url bytea,
  reason text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (account_id, id)
);

create unique index bindings_by_state on bindings (account_id, state_hash);
create index bindings_of_store on bindings (account_id, store, state);

-- What happened to a store. The key says what was told: the same notice again finds its row and does nothing.
create table store_history (
  account_id text not null,
  -- '' for a notice that names no store
  store text not null,
  key text not null,
  at timestamptz not null,
  said_at timestamptz,
  kind text not null,
  source text not null check (source in ('callback', 'query', 'import', 'user')),
  receipt_id text,
  detail jsonb not null default '{}',
  primary key (account_id, store, key)
);

create index store_history_by_time on store_history (account_id, store, at);

-- The last sequence given to events of things that are no orders.
create table event_subjects (
  account_id text not null,
  subject text not null,
  sequence integer not null,
  primary key (account_id, subject)
);

-- What an order waits for. Set in the order's own transaction; a row a kind, so that many reasons make one look.
create table order_clocks (
  account_id text not null,
  order_id text not null,
  -- such as `doubt:refund`
  kind text not null,
  -- null: nothing more will be tried, a person must look. While a worker holds the row: the end of its lease
  due_at timestamptz,
  -- counts how often it was set: a worker removes the row only as it found it
  set_count integer not null default 1,
  attempts integer not null default 0,
  reason text,
  created_at timestamptz not null,
  primary key (account_id, order_id, kind)
);

create index order_clocks_due on order_clocks (account_id, due_at) where due_at is not null;

-- Orders of a store that joined or left a shop and are yet to be told so.
create table relabel_tasks (
  account_id text not null,
  store text not null,
  -- the last order that was looked at
  after_id text not null default '',
  done integer not null default 0,
  total integer not null,
  -- null: done. While a worker holds the row: the end of its lease
  due_at timestamptz,
  started_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (account_id, store)
);

create index relabel_tasks_due on relabel_tasks (due_at) where due_at is not null;
