-- Orders that go through life together: a sale at a machine and the payment of it, which is an order of another account.
-- Each of both has a row, under its own account.
create table order_links (
  account_id text not null,
  order_id text not null,
  other_account_id text not null,
  other_order_id text not null,
  -- what the other one is to this one
  role text not null check (role in ('parent', 'leg')),
  -- version of this order that the other one was told of
  told_version integer not null default 0,
  primary key (account_id, order_id, other_account_id, other_order_id)
);

-- What no rule can finish about an order, or what soon will be too late. A row goes when its cause goes.
create table order_conditions (
  account_id text not null,
  order_id text not null,
  -- such as `late_payment`
  name text not null,
  detail jsonb not null,
  raised_at timestamptz not null,
  primary key (account_id, order_id, name)
);
