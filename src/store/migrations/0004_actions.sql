-- What is to be done to orders at their platforms: an intent is stored with a number of our own before anything is sent.
create table actions (
  account_id text not null,
  id text not null,
  order_id text not null,
  action text not null,
  -- our own number of the intent, the same on every repeat: by it the platform tells a repeat
  number text not null,
  -- of an automatic action, such as `auto:accept`: once an order; null: a person or a program asked
  cause text,
  -- id of the API key that asked; null for an automatic action
  asked_by text,
  -- with personal values masked; `sealed_params` has them in clear, null where there are none
  params jsonb not null default '{}',
  sealed_params bytea,
  -- fen that a refund would give back: reserved until it is known to have failed
  amount_fen bigint,
  state text not null check (state in ('queued', 'sent', 'succeeded', 'failed', 'unknown')),
  -- the prepared request to the byte, stored before it is sent, and the time that is written into it
  sealed_request bytea,
  request_at timestamptz,
  -- what of the request may be seen: call, method, host, path
  request jsonb,
  attempts integer not null default 0,
  -- sendings to which no answer came and that may have arrived
  silences integer not null default 0,
  questions integer not null default 0,
  answer jsonb,
  -- why it is as it is: code and words
  code text,
  reason text,
  -- of the last call
  duration_ms integer,
  -- null: nothing more is done by itself. While a worker holds the row: the end of its lease
  due_at timestamptz,
  -- whose lease it is; what comes of a call is written only under it
  lease text,
  created_at timestamptz not null,
  sent_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null,
  primary key (account_id, id)
);

create unique index actions_by_number on actions (account_id, number);
create index actions_of_order on actions (account_id, order_id, id);
create unique index actions_by_cause on actions (account_id, order_id, cause) where cause is not null;
create index actions_due on actions (account_id, due_at) where due_at is not null;
create index actions_open on actions (account_id, state) where state in ('queued', 'sent', 'unknown');
