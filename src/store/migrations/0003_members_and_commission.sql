-- Where in the order's life a report stands: without it an order cannot be made from its facts again.
alter table facts add column stage integer not null default 0;

-- Who promotes, and how what an order earns is split. Members and plans are the whole hub's and are written seldom;
-- what follows from orders begins with the account.

create table members (
  id text primary key,
  name text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- The sids that orders of a member carry, verbatim.
create table member_sids (
  sid text primary key,
  member_id text not null references members (id),
  created_at timestamptz not null
);

create index member_sids_of_member on member_sids (member_id, sid);

-- Who had invited a member since when; '-infinity': from the beginning. Never changed, only followed by another row.
create table member_inviters (
  member_id text not null references members (id),
  from_at timestamptz not null,
  inviter text references members (id),
  created_at timestamptz not null,
  primary key (member_id, from_at)
);

create index member_inviters_of_inviter on member_inviters (inviter, member_id) where inviter is not null;

-- Links that a platform has made: the same wish gets the same link.
create table member_links (
  account_id text not null,
  member_id text not null references members (id),
  act_id text not null,
  link_type text not null,
  sid text not null,
  link text not null,
  created_at timestamptz not null,
  primary key (account_id, member_id, act_id, link_type)
);

-- One row a version. It holds from `from_at` until a later one of the same scope does.
create table commission_plans (
  id text primary key,
  name text not null,
  version integer not null,
  account_id text,
  business_line text,
  act_id text,
  -- null: from the beginning
  from_at timestamptz,
  shares jsonb not null,
  created_at timestamptz not null
);

create unique index commission_plans_by_scope on commission_plans (
  coalesce(account_id, ''), coalesce(business_line, ''), coalesce(act_id, ''), coalesce(from_at, '-infinity')
);

-- What the ledger holds of an order, and by what.
create table order_commissions (
  account_id text not null,
  order_id text not null,
  -- whose the order is by a claim that a person allowed; above the sid
  claimed_by text,
  basis json not null,
  member_id text,
  plan_id text,
  -- the last booking
  booking integer not null,
  -- the version of the order that it was worked out from
  order_version integer not null,
  confirmed_at timestamptz,
  updated_at timestamptz not null,
  primary key (account_id, order_id)
) with (fillfactor = 80);

create index order_commissions_unplanned on order_commissions (account_id, order_id)
  where plan_id is null and member_id is not null;

-- Why the ledger of an order changed: the cause and all that the amounts follow from. Append-only.
create table commission_bookings (
  account_id text not null,
  order_id text not null,
  booking integer not null,
  cause text not null,
  order_version integer not null,
  basis json not null,
  at timestamptz not null,
  primary key (account_id, order_id, booking)
);

create unique index commission_bookings_by_cause on commission_bookings (account_id, order_id, cause);

-- The ledger: append-only, every booking sums to zero. `account_id` '' and no order: payouts and adjustments.
create table commission_entries (
  account_id text not null,
  id text not null,
  order_id text,
  ledger text not null,
  member_id text,
  bucket text,
  amount bigint not null check (amount <> 0),
  taken_back bigint not null default 0,
  cause text not null,
  at timestamptz not null,
  primary key (account_id, id)
);

create index commission_entries_of_order on commission_entries (account_id, order_id, id) where order_id is not null;
create index commission_entries_of_member on commission_entries (member_id, at, id) where member_id is not null;

-- What the entries of a member add up to. One row an account, so that two accounts never wait for each other.
create table commission_balances (
  account_id text not null,
  member_id text not null,
  estimated bigint not null default 0,
  confirmed bigint not null default 0,
  available bigint not null default 0,
  held bigint not null default 0,
  paid bigint not null default 0,
  taken_back bigint not null default 0,
  primary key (account_id, member_id)
) with (fillfactor = 70);

create index commission_balances_of_member on commission_balances (member_id);

-- Orders that are yet to be looked at again: a member or a plan came after them. `sid` '': all that are promoted.
create table commission_tasks (
  account_id text not null,
  sid text not null,
  cause text not null,
  after_id text not null default '',
  -- null: done
  due_at timestamptz,
  created_at timestamptz not null,
  primary key (account_id, sid, cause)
);

create index commission_tasks_due on commission_tasks (due_at) where due_at is not null;

create table commission_claims (
  id text primary key,
  account_id text not null,
  order_id text not null,
  member_id text not null references members (id),
  state text not null check (state in ('pending', 'approved', 'rejected')),
  reason text,
  decided_by text,
  created_at timestamptz not null,
  decided_at timestamptz
);

create unique index commission_claims_pending on commission_claims (account_id, order_id) where state = 'pending';

create table commission_adjustments (
  id text primary key,
  member_id text not null references members (id),
  amount bigint not null check (amount <> 0),
  reason text not null,
  api_key_id text not null,
  created_at timestamptz not null
);

create table commission_payouts (
  id text primary key,
  kind text not null check (kind in ('batch', 'withdrawal')),
  state text not null check (state in ('open', 'done')),
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table commission_payout_items (
  payout_id text not null references commission_payouts (id),
  member_id text not null references members (id),
  amount bigint not null check (amount > 0),
  state text not null check (state in ('held', 'paid', 'failed')),
  reason text,
  updated_at timestamptz not null,
  primary key (payout_id, member_id)
);

create index commission_payout_items_of_member on commission_payout_items (member_id, payout_id);
