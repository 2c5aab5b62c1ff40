-- Keys begin with the account: one account is one line of work, and the tables can be spread by account.

create table accounts (
  id text primary key,
  platform text not null,
  name text not null,
  mode text not null default 'live' check (mode in ('live', 'observe', 'paused')),
  merchant text,
  settings jsonb not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- A deleted account keeps its orders; its address answers 404 and its secrets are gone.
  deleted_at timestamptz
);

create table account_secrets (
  account_id text not null references accounts (id),
  field text not null,
  fingerprint text not null,
  sealed bytea not null,
  created_at timestamptz not null,
  -- null: valid until removed or replaced
  valid_until timestamptz,
  primary key (account_id, field, fingerprint)
);

-- Locked first by every transaction that writes an account's orders: commit order is feed order, and two processes
-- cannot deadlock over orders.
create table account_clocks (
  account_id text primary key,
  feed bigint not null default 0
);

-- Every callback that came, repeats too. `raw` is the sealed request: query, headers, body.
create table receipts (
  account_id text not null,
  id text not null,
  received_at timestamptz not null,
  method text not null,
  topic text not null,
  raw bytea not null,
  body_bytes integer not null,
  verdict text not null
    check (verdict in ('applied', 'duplicate', 'stale', 'rejected', 'unrecognised', 'nothing', 'held')),
  reason text,
  evidence text,
  secret_fingerprint text,
  reply_status smallint not null,
  reply_body text not null,
  order_ids text[] not null default '{}',
  processed_at timestamptz not null,
  primary key (account_id, id, received_at)
) partition by range (received_at);

-- By the first order only: a callback that names several is rare, and the facts lead to it as well.
create index receipts_of_order on receipts (account_id, (order_ids[1]), id) where order_ids[1] is not null;

create index receipts_needing_eyes on receipts (account_id, verdict, id)
  where verdict in ('rejected', 'unrecognised', 'held');

create table orders (
  account_id text not null,
  id text not null,
  platform text not null,
  kind text not null,
  status text not null,
  payment text not null,
  fulfilment text not null,
  lifecycle text not null,
  settlement text not null,
  flags text[] not null,
  platform_order_id text,
  display_id text,
  merchant_order_id text,
  merchant text,
  shop text,
  store text,
  parent text,
  sid text,
  member text,
  day_sequence integer,
  -- keyed hashes: the whole number and its last four digits
  phone_hash bytea,
  phone_tail_hash bytea,
  placed_at timestamptz,
  paid_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null,
  merged_into text,
  -- `json`, here and below, where a value is only ever read whole: it keeps the text as it came and saves the conversion
  lines json not null,
  sealed_personal bytea,
  primary key (account_id, id)
) with (fillfactor = 80);

-- Partial, here and on the aliases, by a condition that finding a row by its key never states: in a young table without
-- statistics the planner took such an index to be as good as the primary key, read the whole account for each order of a
-- batch, and kept the plan while the table grew (600 µs a row).
create index orders_by_status on orders (account_id, status, id) where merged_into is null;
create index orders_by_sid on orders (account_id, sid, id) where sid is not null;
create index orders_by_member on orders (account_id, member, id) where member is not null;
create index orders_by_store on orders (account_id, store, id) where store is not null;
create index orders_by_placed on orders (account_id, placed_at) where placed_at is not null;
create index orders_by_phone on orders (account_id, phone_hash) where phone_hash is not null;
create index orders_by_phone_tail on orders (account_id, phone_tail_hash, id) where phone_tail_hash is not null;
create index orders_by_parent on orders (account_id, parent) where parent is not null;

create table order_aliases (
  account_id text not null,
  kind text not null,
  value text not null,
  order_id text not null,
  primary key (account_id, kind, value)
);

create index order_aliases_of_order on order_aliases (account_id, order_id) where kind <> '';

-- One row a report; its primary key is what makes a callback count once. Kept as long as the order.
create table facts (
  account_id text not null,
  order_id text not null,
  key text not null,
  source text not null check (source in ('callback', 'query', 'poll', 'action')),
  receipt_id text,
  said_at timestamptz,
  stored_at timestamptz not null,
  final boolean not null,
  generation integer not null,
  facts json not null,
  sealed_personal bytea,
  verdict text not null check (verdict in ('applied', 'stale')),
  -- version of the order that the report led to; null when it changed nothing that shows
  version integer,
  primary key (account_id, order_id, key)
);

create table events (
  account_id text not null,
  feed bigint not null,
  id text not null,
  -- what the sequence counts: an order's id, or another thing's
  subject text not null,
  sequence integer not null,
  type text not null,
  previous_status text,
  merchant text,
  shop text,
  receipt_id text,
  body json not null,
  created_at timestamptz not null,
  primary key (account_id, feed, created_at)
) partition by range (created_at);

create index events_by_subject on events (account_id, subject, sequence);
create index events_by_time on events using brin (created_at) with (pages_per_range = 16);

create table endpoints (
  id text primary key,
  url text not null,
  kind text not null check (kind in ('events', 'raw')),
  events text[] not null,
  -- null: all
  accounts text[],
  merchants text[],
  shops text[],
  personal_data boolean not null default false,
  strict boolean not null default false,
  retry jsonb,
  state text not null default 'enabled' check (state in ('enabled', 'disabled')),
  description text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table endpoint_secrets (
  endpoint_id text not null references endpoints (id) on delete cascade,
  sealed bytea not null,
  created_at timestamptz not null,
  valid_until timestamptz
);

create index endpoint_secrets_of_endpoint on endpoint_secrets (endpoint_id);

-- One row per endpoint and subject: which sequence was last done with, when the next is due, who is sending.
-- Replays run beside the live lane with bounds of their own.
create table delivery_heads (
  account_id text not null,
  endpoint_id text not null,
  lane text not null default 'live',
  subject text not null,
  -- sequence of the last event delivered or given up
  done_sequence integer not null,
  -- sequence of the last event that was marked as due. A worker goes idle only when it has done this one: the row itself
  -- tells, since a look into events could miss what commits meanwhile
  marked_sequence integer not null,
  -- sequence of the last event that the endpoint took, for `previousSequence`
  sent_sequence integer,
  until_sequence integer,
  attempts integer not null default 0,
  first_attempt_at timestamptz,
  -- null: nothing is due. While a worker holds the row: the end of its lease, so that the row comes back by itself
  due_at timestamptz,
  blocked boolean not null default false,
  lease_token text,
  lease_until timestamptz,
  primary key (account_id, endpoint_id, lane, subject)
) with (fillfactor = 70);

-- By endpoint too: what waits for an endpoint that is slow or switched off must not lie in the way of the others.
create index delivery_heads_due on delivery_heads (account_id, endpoint_id, due_at) where due_at is not null;
create index delivery_heads_blocked on delivery_heads (account_id, endpoint_id) where blocked;

create table delivery_attempts (
  account_id text not null,
  id text not null,
  at timestamptz not null,
  endpoint_id text not null,
  lane text not null,
  subject text not null,
  sequence integer not null,
  event_id text not null,
  event_type text not null,
  attempt integer not null,
  outcome text not null check (outcome in ('delivered', 'failed', 'dead')),
  status_code integer,
  error text,
  response text,
  duration_ms integer not null,
  primary key (account_id, id, at)
) partition by range (at);

create index delivery_attempts_of_subject on delivery_attempts (account_id, subject, sequence);
create index delivery_attempts_not_delivered on delivery_attempts (account_id, endpoint_id, id)
  where outcome <> 'delivered';

create table replays (
  id text primary key,
  endpoint_id text not null,
  request jsonb not null,
  events integer not null,
  created_at timestamptz not null
);

create table api_keys (
  id text primary key,
  name text not null,
  hash bytea not null unique,
  right_level text not null check (right_level in ('read', 'write', 'admin')),
  reveal boolean not null default false,
  -- null: all
  accounts text[],
  merchants text[],
  shops text[],
  created_at timestamptz not null,
  revoked_at timestamptz
);

create table idempotency_keys (
  api_key_id text not null,
  key text not null,
  request_hash bytea not null,
  -- written in the transaction of the request itself, so a row means that its work is done
  status smallint not null,
  -- sealed: the answer to a creating call may hold a secret
  sealed_body bytea not null,
  created_at timestamptz not null,
  primary key (api_key_id, key)
);

create index idempotency_keys_by_age on idempotency_keys (created_at);

create table audit_log (
  id text primary key,
  at timestamptz not null,
  api_key_id text,
  action text not null,
  subject text not null,
  detail jsonb not null default '{}'
);

create index audit_log_by_time on audit_log (at);

-- Small facts about this database, such as the check value of the master key.
create table hub_state (
  name text primary key,
  value text not null
);
