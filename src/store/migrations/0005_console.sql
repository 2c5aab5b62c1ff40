-- People who sign in to the console, and what the console reads that would be slow to count each time.

create table users (
  id text primary key,
  username text not null,
  name text,
  role text not null check (role in ('admin', 'operator', 'viewer')),
  reveal boolean not null,
  -- null: all
  accounts text[],
  merchants text[],
  shops text[],
  -- scrypt with its parameters and salt; null: none yet, a link lets in
  password text,
  locale text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  signed_in_at timestamptz,
  -- A deleted user keeps its row, so that whoever reads the audit log later learns who it was.
  deleted_at timestamptz
);

create unique index users_by_username on users (lower(username)) where deleted_at is null;

-- The token itself is only in the browser's cookie.
create table sessions (
  id text primary key,
  hash bytea not null unique,
  user_id text not null references users (id),
  address text,
  agent text,
  created_at timestamptz not null,
  seen_at timestamptz not null
);

create index sessions_of_user on sessions (user_id, id);

-- Links that let in once: the first admin (no user), or a user to set a password.
create table sign_in_links (
  hash bytea primary key,
  user_id text references users (id),
  created_at timestamptz not null,
  expires_at timestamptz not null
);

-- Tries to sign in, by keyed hashes of name and address: a password typed into the wrong field must not lie here.
create table sign_in_tries (
  subject bytea primary key,
  tries integer not null,
  since timestamptz not null
);

create index sign_in_tries_by_age on sign_in_tries (since);

-- Who did it, where it was a person. `name` is what the key or the user was called at that time.
alter table audit_log add column user_id text, add column name text;

-- What orders of a day came to, by whose they are; '' where that is nobody's. Moved by the statement that writes orders,
-- under the account's clock, so it is never behind and nobody waits for it.
create table order_days (
  account_id text not null,
  day date not null,
  merchant text not null,
  shop text not null,
  orders bigint not null,
  paid_fen bigint not null,
  refunded_fen bigint not null,
  commission_fen bigint not null,
  primary key (account_id, day, merchant, shop)
) with (fillfactor = 50);

alter table orders add column paid_fen bigint, add column refunded_fen bigint, add column commission_fen bigint;

update orders o
   set paid_fen = (e.body -> 'amounts' ->> 'paid')::bigint,
       refunded_fen = (e.body -> 'amounts' ->> 'refunded')::bigint,
       commission_fen = (e.body -> 'amounts' ->> 'commission')::bigint
  from events e
 where e.account_id = o.account_id and e.subject = o.id and e.sequence = o.version;

insert into order_days (account_id, day, merchant, shop, orders, paid_fen, refunded_fen, commission_fen)
select account_id, (coalesce(placed_at, created_at) at time zone 'Asia/Shanghai')::date, coalesce(merchant, ''),
       coalesce(shop, ''), count(*), coalesce(sum(paid_fen), 0), coalesce(sum(refunded_fen), 0),
       coalesce(sum(commission_fen), 0)
  from orders
 where merged_into is null and parent is null
 group by 1, 2, 3, 4;

-- What staff call out.
create index orders_by_day_sequence on orders (account_id, day_sequence, id) where day_sequence is not null;

-- An hour that is over, counted once: how late callbacks came, what became of them, how deliveries went.
create table hour_stats (
  account_id text not null,
  hour timestamptz not null,
  -- verdict to count
  verdicts jsonb not null,
  -- facts by lag, in the buckets of `core/lag.ts`
  lags integer[] not null,
  -- facts that came by asking, not by a callback
  repaired integer not null,
  delivered integer not null,
  failed integer not null,
  dead integer not null,
  primary key (account_id, hour)
);

create index receipts_by_time on receipts using brin (received_at) with (pages_per_range = 16);
create index facts_by_time on facts using brin (stored_at) with (pages_per_range = 16);
create index delivery_attempts_by_time on delivery_attempts using brin (at) with (pages_per_range = 16);

create table exports (
  id text primary key,
  -- id of the API key or the user that asked; nobody else gets the file
  asked_by text not null,
  kind text not null check (kind in ('orders')),
  -- the filter with the asker's limits, as they were then
  request jsonb not null,
  state text not null check (state in ('queued', 'running', 'done', 'failed')),
  done bigint not null default 0,
  -- null: not counted
  total bigint,
  -- rows before this order's id are still to be written
  before_id text,
  chunks integer not null default 0,
  bytes bigint not null default 0,
  error text,
  -- while a worker holds the row: the end of its lease
  leased_until timestamptz,
  created_at timestamptz not null,
  finished_at timestamptz
);

create index exports_open on exports (created_at) where state in ('queued', 'running');
create index exports_of_asker on exports (asked_by, id);

-- The file in sealed, compressed pieces: any process can send it, whichever wrote it.
create table export_chunks (
  export_id text not null references exports (id) on delete cascade,
  nth integer not null,
  sealed bytea not null,
  primary key (export_id, nth)
);
