-- Machines of platforms that sell by them, as the platform tells them, and the hub's mirror of what is in them.
create table machines (
  account_id text not null,
  machine_no text not null,
  name text,
  address text,
  -- such as `vending`, `locker`
  kind text,
  online boolean not null,
  -- in service, as its operator has set it
  operating boolean not null,
  -- the platform's list has it no more since then
  gone_at timestamptz,
  -- since when it is online or offline, as far as the hub knows
  online_since timestamptz not null,
  -- when its slots were last read whole; null: never
  slots_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (account_id, machine_no)
);

create table machine_slots (
  account_id text not null,
  machine_no text not null,
  -- the platform's number of what this slot sells: orders name it
  product_id text not null,
  slot text not null,
  cabinet text,
  slot_row integer,
  slot_column integer,
  name text not null,
  sku text,
  image text,
  price_fen bigint,
  capacity integer,
  -- in the slot, and of it kept for open orders; what can be sold is the difference, which no column holds
  on_hand integer not null,
  held integer not null,
  -- what an order's failure said is wrong, such as `jammed`
  fault text,
  fault_at timestamptz,
  is_low boolean not null default false,
  -- when the platform was last asked and believed, and when an order last moved it
  synced_at timestamptz not null,
  moved_at timestamptz,
  primary key (account_id, machine_no, product_id)
);

-- What each order does to stock, as it was last counted: the next count is compared with it, so nothing counts twice.
create table stock_holds (
  account_id text not null,
  order_id text not null,
  product_id text not null,
  machine_no text not null,
  held integer not null,
  came_out integer not null,
  stuck integer not null,
  primary key (account_id, order_id, product_id)
);

create index stock_holds_open on stock_holds (account_id, machine_no, product_id) where held <> 0;

-- Every change of a slot with its cause. Cut by week, like the events that tell the same.
create table stock_changes (
  account_id text not null,
  machine_no text not null,
  -- of the event that tells it, so it counts up per machine, with gaps
  sequence integer not null,
  at timestamptz not null,
  product_id text not null,
  slot text not null,
  cause text not null,
  order_id text,
  on_hand_by integer not null,
  held_by integer not null,
  on_hand integer not null,
  held integer not null,
  primary key (account_id, machine_no, sequence, at)
) partition by range (at);

-- When the machines of an account are read next. While a worker reads: the end of its lease.
create table machine_syncs (
  account_id text not null primary key,
  due_at timestamptz not null,
  lease text,
  attempts integer not null default 0,
  -- of the last run: when it ended well, and what went wrong since
  done_at timestamptz,
  code text,
  reason text
);

create index machine_syncs_due on machine_syncs (due_at);
