-- Orders that the hub makes at platforms, and the access tokens that calls carry.

-- what the hub decided itself: a planned order, an order that could not be made, an expiry
alter table facts drop constraint facts_source_check;
alter table facts add constraint facts_source_check check (source in ('callback', 'query', 'poll', 'action', 'own'));

-- for the caller alone, such as what a checkout needs: in no event and in no timeline
alter table actions add column sealed_hand_over bytea;
-- how often the platform did not take the access token; after a few a person must look
alter table actions add column token_refusals integer not null default 0;

-- What somebody wanted made, by the merchant's own number: the same again goes on with it, another is refused.
create table order_wishes (
  account_id text not null,
  merchant_order_id text not null,
  -- keyed hash of the request's body
  hash bytea not null,
  order_id text not null,
  -- the action that makes it at the platform; null: nothing had to be made
  action_id text,
  -- where it is paid, when at another account; the payment's own wish has the same number there
  payment_account text,
  -- the time from which the goods are held
  planned_at timestamptz not null,
  expires_at timestamptz,
  asked_by text not null,
  primary key (account_id, merchant_order_id)
);

create index order_wishes_of_order on order_wishes (account_id, order_id);

-- One access token an account, for all processes: a new one can end the life of the one before.
create table access_tokens (
  account_id text not null,
  -- of the credentials that bought it: a changed account buys another
  made_for bytea not null,
  sealed bytea,
  expires_at timestamptz,
  -- whoever fetches one; the others wait or go on with the one that is there
  lease text,
  lease_until timestamptz,
  -- why there is none, and how long nobody asks again
  refusal jsonb,
  hold_until timestamptz,
  updated_at timestamptz not null,
  primary key (account_id)
);
