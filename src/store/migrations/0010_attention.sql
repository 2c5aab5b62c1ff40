-- What no rule can finish, for a person: one row while its cause lasts.
create table attention_items (
  account_id text not null,
  id text not null,
  kind text not null,
  -- what it is about: one of a kind and subject is live at a time
  subject text not null,
  -- closed: its cause is gone; dismissed: somebody has said that it needs nothing, and its cause may last
  state text not null check (state in ('open', 'dismissed', 'closed')),
  -- what there is to say of the cause: codes, counts, amounts; never personal data
  detail jsonb not null default '{}',
  order_id text,
  action_id text,
  receipt_id text,
  endpoint_id text,
  store text,
  merchant text,
  shop text,
  -- since when the cause lasts
  since timestamptz not null,
  opened_at timestamptz not null,
  updated_at timestamptz not null,
  closed_at timestamptz,
  dismissed_at timestamptz,
  dismissed_by text,
  dismiss_reason text,
  primary key (account_id, id)
);

create unique index attention_items_live on attention_items (account_id, kind, subject) where state <> 'closed';
create index attention_items_by_state on attention_items (account_id, state, id);
create index attention_items_open on attention_items (kind) where state = 'open';

-- When an account is next looked at for what wants attention.
create table attention_sweeps (
  account_id text primary key,
  due_at timestamptz not null,
  -- of the process that looks; while it does, `due_at` is the end of its lease
  lease text
);

create index attention_sweeps_due on attention_sweeps (due_at);

-- Each of these holds but the few orders and actions that a look is after.

-- known only from a message that tells neither when it was placed nor what was paid
create index orders_half_told on orders (account_id, created_at)
  where placed_at is null and paid_at is null and merged_into is null and kind in ('takeaway', 'payment', 'vending');
create index orders_paid_late on orders (account_id, id)
  where flags @> array['late_payment'] and payment in ('paid', 'partially_refunded') and merged_into is null;
create index orders_without_member on orders (account_id, sid)
  where kind = 'cps' and sid is not null and member is null and merged_into is null;
-- among the attempts that failed, those after which nothing more was tried
create index delivery_attempts_dead on delivery_attempts (account_id, endpoint_id, id) where outcome = 'dead';
create index order_clocks_failing on order_clocks (account_id, kind) where due_at is null or attempts >= 5;
create index actions_failed_by_themselves on actions (account_id, id) where state = 'failed' and cause is not null;
