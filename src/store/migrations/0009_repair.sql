-- Regular questions for what the platforms' pushes failed to tell: one row an account and question.
create table repair_polls (
  account_id text not null,
  poll text not null,
  -- while a worker holds the row: the end of its lease, so that the row comes back by itself
  due_at timestamptz not null,
  -- whose lease it is; what comes of a run is written only under it
  lease text,
  -- left behind by the last run that came to its end, such as how far it has read
  mark json,
  -- where the run under way goes on; null: at its first page
  page json,
  -- of the run under way; null: none is
  started_at timestamptz,
  pages integer not null default 0,
  reports integer not null default 0,
  -- of the last run that came to its end
  finished_at timestamptz,
  last_pages integer,
  last_reports integer,
  -- failures in a row, and why the last one failed
  attempts integer not null default 0,
  code text,
  reason text,
  primary key (account_id, poll)
);

create index repair_polls_due on repair_polls (due_at);

-- Orders of which only such a question told: which message never came, and how late it was found.
create table repaired_orders (
  account_id text not null,
  id text not null,
  order_id text not null,
  poll text not null,
  -- null: the hub did not know the order
  status_before text,
  status_after text not null,
  -- when it happened, as the platform has it; null: it does not say
  happened_at timestamptz,
  found_at timestamptz not null,
  primary key (account_id, id)
);

create index repaired_orders_by_time on repaired_orders (account_id, found_at);

-- Clocks that nothing moves any more: a person must look.
create index order_clocks_stopped on order_clocks (account_id, kind) where due_at is null;

-- A business day of an account as its platform has it, held against the hub's orders.
create table reconciliations (
  account_id text not null,
  id text not null,
  day date not null,
  state text not null check (state in ('queued', 'running', 'done', 'failed')),
  -- id of the API key that asked; null: the hub by itself, once a night
  asked_by text,
  -- orders that the platform has told so far
  read_orders integer not null default 0,
  both_count integer,
  only_there integer,
  only_here integer,
  amounts_differ integer,
  status_differs integer,
  reason text,
  attempts integer not null default 0,
  -- null: nothing is to be done. While a worker holds the row: the end of its lease
  due_at timestamptz,
  lease text,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (account_id, id)
);

create index reconciliations_due on reconciliations (due_at) where due_at is not null;
create index reconciliations_of_day on reconciliations (account_id, day, id);
create unique index reconciliations_by_night on reconciliations (account_id, day) where asked_by is null;

create table reconciliation_lines (
  account_id text not null,
  reconciliation_id text not null,
  nth integer not null,
  kind text not null check (kind in ('same', 'only_there', 'only_here', 'differs')),
  -- what differs: names of fields
  differences text[] not null default '{}',
  order_id text,
  platform_order_id text,
  -- status, payment and amounts; null: there is none
  theirs jsonb,
  ours jsonb,
  primary key (account_id, reconciliation_id, nth)
);

create index reconciliation_lines_by_kind on reconciliation_lines (account_id, reconciliation_id, kind, nth);
