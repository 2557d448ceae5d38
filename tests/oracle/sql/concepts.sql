-- The shared definitions of KPIS.md, one table per concept, over the temp table `event`:
--   number, customer_id, anonymous_id, kind, occurred_at, day, month, amount, amount_given, quantity, item, reference,
--   score, country, plan
-- (accepted, without duplicates; `day` and `month` (its first day) of the business zone; amount and quantity not null).
-- Needs periods.sql.

-- "customer: a customer_id." Anonymous events feed only the visitor figures.
create or replace temp table customer_event as
select * from event where customer_id is not null;

-- "customers known at s (any event before s)"
create or replace temp table known as
select
    customer_id,
    min(occurred_at) as known_at,
    min(occurred_at) filter (kind = 'deactivate') as deactivated_at
from customer_event
group by customer_id;

-- "active in P: at least one event of a kind in activity.kinds in P."
create or replace temp table activity as
select customer_id, occurred_at, day
from customer_event
where list_contains(getvariable('activity_kinds'), kind);

create or replace temp table active_day as
select distinct customer_id, day from activity;

create or replace temp table active as
select
    period,
    customer_id,
    count(*) as active_days,
    -- "wau: active in the last 7 days of P"
    bool_or(day >= e_day - 7) as active_in_last_week
from active_day
join period on day >= s_day and day < e_day
group by period, customer_id;

-- "order: the purchase events of one customer with one reference (line items are one order: first instant, summed
-- amount and quantity). Without reference, each event is an order. Lines of one reference in two periods are two
-- orders." Periods here are months.
create or replace temp table purchase_order as
select
    customer_id,
    month,
    min(occurred_at) as ordered_at,
    sum(amount) as amount,
    sum(quantity) as quantity
from customer_event
where kind = 'purchase'
group by customer_id, month, reference, case when reference is null then number end;

-- "signed up at: the customer's first signup."
create or replace temp table sign_up as
select
    customer_id,
    min(occurred_at) as signed_up_at,
    instant_of(wall_of(signed_up_at) + getvariable('within_days')::int * interval 1 day) as window_ends_at
from customer_event
where kind = 'signup'
group by customer_id;

-- "activated at: the instant the activation rule is first fulfilled by events in [signed up at, + within). A condition
-- on purchase counts orders." The rule: any of one purchase, three uses of the item 'report'.
create or replace temp table activation as
with fulfilled_by_order as (
    select customer_id, min(ordered_at) as reached_at
    from purchase_order
    join sign_up using (customer_id)
    where ordered_at >= signed_up_at and ordered_at < window_ends_at
    group by customer_id
),
report_in_window as (
    select
        customer_id,
        occurred_at,
        row_number() over (partition by customer_id order by occurred_at) as report
    from customer_event
    join sign_up using (customer_id)
    where kind = 'use' and item = 'report' and occurred_at >= signed_up_at and occurred_at < window_ends_at
),
fulfilled_by_reports as (
    select customer_id, occurred_at as reached_at from report_in_window where report = 3
)
select customer_id, min(reached_at) as activated_at
from (select * from fulfilled_by_order union all select * from fulfilled_by_reports)
group by customer_id;

-- "revenue (orders' amount)" of a customer in P and in the previous period of the grain.
create or replace temp table customer_revenue as
select
    period,
    s,
    e,
    customer_id,
    coalesce(sum(amount) filter (month >= s_day), 0) as revenue,
    coalesce(sum(amount) filter (month < s_day), 0) as earlier_revenue,
    count(*) filter (month >= s_day) as orders,
    count(*) filter (month < s_day) as earlier_orders
from purchase_order
join period on month >= earlier_day and month < e_day
group by period, s, e, customer_id;

-- A subscription begins when it first costs something ("subscribed at t: mrr > 0"), by `subscribe` or by `change`; where
-- a `subscribe` gives no amount, it may be any.
create or replace temp table first_subscription as
select customer_id, min(occurred_at) as subscribed_at
from customer_event
where (kind in ('subscribe', 'change') and amount > 0) or (kind = 'subscribe' and not amount_given)
group by customer_id;

-- "An event that carries both links them (the first link wins), also backwards within identity.lookback."
create or replace temp table link as
select
    anonymous_id,
    min(occurred_at) as linked_at,
    arg_min(customer_id, (occurred_at, customer_id)) as customer_id,
    instant_of(wall_of(linked_at) - getvariable('lookback_days')::int * interval 1 day) as covers_since
from event
where anonymous_id is not null and customer_id is not null
group by anonymous_id;

-- "a customer with a visit in P; an anonymous id with a visit in P (event without customer_id) is its customer, where it
-- is linked before e and at least one of its visits in P is at or after linked_at - lookback; otherwise itself (once)."
create or replace temp table visitor as
with visit_in_period as (
    select period, e, customer_id, anonymous_id, occurred_at
    from event
    join period on day >= s_day and day < e_day
    where kind = 'visit'
),
stranger as (
    select period, e, anonymous_id, max(occurred_at) as last_visit_at
    from visit_in_period
    where customer_id is null
    group by period, e, anonymous_id
),
known_or_not as (
    select period, link.customer_id, stranger.anonymous_id
    from stranger
    left join link
        on link.anonymous_id = stranger.anonymous_id
        and link.linked_at < stranger.e
        and stranger.last_visit_at >= link.covers_since
),
customer_visit as (
    select period, customer_id from visit_in_period where customer_id is not null
    union
    select period, customer_id from known_or_not where customer_id is not null
)
select period, customer_id, null as anonymous_id from customer_visit
union all
select period, null, anonymous_id from known_or_not where customer_id is null;

-- "Segment value of a customer: last non-null before e, for figures over a base at start the value at s; null ->
-- unknown." At equal instants the greatest value. One row per edge, customer and segment; all customers known before.
create or replace temp table customer_level as
with value_in_month as (
    select
        customer_id,
        month,
        arg_max(country, (occurred_at, country)) filter (country is not null) as country,
        max(occurred_at) filter (country is not null) as country_at,
        arg_max(plan, (occurred_at, plan)) filter (plan is not null) as plan,
        max(occurred_at) filter (plan is not null) as plan_at
    from customer_event
    group by customer_id, month
),
value_before as (
    select
        t,
        customer_id,
        coalesce(arg_max(country, country_at) filter (country is not null), 'unknown') as country,
        coalesce(arg_max(plan, plan_at) filter (plan is not null), 'unknown') as plan
    from value_in_month
    join edge on month < t_day
    group by t, customer_id
)
select t, customer_id, 'all' as segment, 'all' as level from value_before
union all
select t, customer_id, 'country', country from value_before
where list_contains(getvariable('dimensions'), 'country')
union all
select t, customer_id, 'plan', plan from value_before
where list_contains(getvariable('dimensions'), 'plan');

-- An unlinked visitor has the last non-null value among its own anonymous events of P.
create or replace temp table anonymous_level as
with value_in_period as (
    select
        period,
        anonymous_id,
        coalesce(arg_max(country, (occurred_at, country)) filter (country is not null), 'unknown') as country,
        coalesce(arg_max(plan, (occurred_at, plan)) filter (plan is not null), 'unknown') as plan
    from event
    join period on day >= s_day and day < e_day
    where customer_id is null and anonymous_id is not null
    group by period, anonymous_id
)
select period, anonymous_id, 'all' as segment, 'all' as level from value_in_period
union all
select period, anonymous_id, 'country', country from value_in_period
where list_contains(getvariable('dimensions'), 'country')
union all
select period, anonymous_id, 'plan', plan from value_in_period
where list_contains(getvariable('dimensions'), 'plan');
