-- Lists stay quick over millions of orders. Each index here holds only the few rows that its question is about, or takes
-- the place of another, so that what most orders cost at intake stays as it was.

-- Which kinds of orders an account has: a list of one kind must not walk through the millions of accounts without it.
create table account_kinds (
  account_id text not null,
  kind text not null,
  primary key (account_id, kind)
);

insert into account_kinds select distinct account_id, kind from orders;

create index orders_by_merchant on orders (account_id, merchant, id) where merchant is not null;

-- With the columns that the list by flag asks for, so that it reads no order that it does not show.
create index orders_flagged on orders (account_id, id) include (flags, parent) where flags <> '{}' and merged_into is null;

-- An order's id has the time at which the hub first heard of it. That is just after it was placed; those that this does
-- not hold for are found here, so that a list by day can read all others by their ids.
create index orders_heard_apart on orders (account_id, placed_at)
 where not (created_at - placed_at between interval '-10 minutes' and interval '2 hours');

-- With all that counting by day and status needs: 92 days of ten million orders are 3 GB of orders and 150 MB of index.
drop index orders_by_placed;
create index orders_by_placed on orders (account_id, placed_at) include (status, parent, merchant, shop)
 where placed_at is not null and merged_into is null;

-- Whatever is not the usual verdict, not only what needs a look.
drop index receipts_needing_eyes;
create index receipts_unusual on receipts (account_id, verdict, id) where verdict <> 'applied';
