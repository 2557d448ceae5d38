-- Who stands where at the edges of P: subscriptions, their recurring amounts, and the base. Needs concepts.sql.

-- "`subscribe`/`change`/`cancel` events per (customer, reference or ''), ordered by (occurred_at, subscribe < change <
-- cancel, amount ascending); an event without amount leaves the amount as it was (0 at first); cancel sets 0. After each
-- event the customer's total mrr is known. start event: total goes 0 -> >0. loss event: total goes >0 -> 0."
-- The events of a customer's several references are in the same order; the reference breaks ties.
create or replace temp table subscription_event as
with told as (
    select
        customer_id,
        coalesce(reference, '') as reference,
        occurred_at,
        list_position(['subscribe', 'change', 'cancel'], kind) as turn,
        case when kind = 'cancel' then 0 when amount_given then amount end as told_amount,
        number
    from customer_event
    where kind in ('subscribe', 'change', 'cancel')
),
in_order as (
    select
        *,
        row_number() over (
            partition by customer_id order by occurred_at, turn, told_amount, reference, number
        ) as position
    from told
),
amounted as (
    select
        *,
        coalesce(
            last_value(told_amount ignore nulls) over (
                partition by customer_id, reference order by position
                rows between unbounded preceding and current row
            ),
            0
        ) as amount
    from in_order
),
stepped as (
    select *, amount - coalesce(lag(amount) over (partition by customer_id, reference order by position), 0) as step
    from amounted
),
totalled as (
    select
        *,
        sum(step) over (
            partition by customer_id order by position rows between unbounded preceding and current row
        ) as mrr
    from stepped
)
select
    customer_id,
    occurred_at,
    position,
    mrr,
    mrr - step as mrr_before,
    mrr_before = 0 and mrr > 0 as is_start,
    mrr_before > 0 and mrr = 0 as is_loss
from totalled;

create or replace temp table first_start as
select customer_id, min(occurred_at) as started_at
from subscription_event
where is_start
group by customer_id;

-- "mrr at t", "subscribed at t: total > 0 from events before t"; a row per customer who is.
create or replace temp table subscribed as
select t, customer_id, mrr
from (
    select t, customer_id, arg_max(mrr, position) as mrr
    from subscription_event
    join edge on occurred_at < t
    group by t, customer_id
)
where mrr > 0;

-- The recurring amounts at both edges of P of everybody who ever subscribed before e, and what happened in between.
create or replace temp table subscriber as
with happened as (
    select
        period,
        customer_id,
        count(*) filter (is_start) as starts,
        count(*) filter (is_loss) as losses
    from subscription_event
    join period on occurred_at >= s and occurred_at < e
    group by period, customer_id
)
select
    period.period,
    s,
    e,
    first_start.customer_id,
    -- "once subscribed before s: at least 1 start event before s"
    started_at < s as once,
    coalesce(at_start.mrr, 0) as start_mrr,
    coalesce(at_end.mrr, 0) as end_mrr,
    coalesce(starts, 0) as starts,
    coalesce(losses, 0) as losses
from period
join first_start on started_at < e
left join subscribed as at_start on at_start.t = s and at_start.customer_id = first_start.customer_id
left join subscribed as at_end on at_end.t = e and at_end.customer_id = first_start.customer_id
left join happened on happened.period = period.period and happened.customer_id = first_start.customer_id;

-- "base (churn.basis): activity: alive at t = last activity in [t - inactive_after, t); subscription: subscribed at t."
create or replace temp table base as
select distinct t, customer_id
from activity
join edge on occurred_at >= alive_since and occurred_at < t
where getvariable('churn_basis') = 'activity'
union all
select t, customer_id from subscribed where getvariable('churn_basis') = 'subscription';

-- "once in base before s: activity: any activity before s; subscription: a start event before s."
create or replace temp table first_in_base as
select customer_id, min(occurred_at) as joined_at
from activity
where getvariable('churn_basis') = 'activity'
group by customer_id
union all
select customer_id, started_at from first_start where getvariable('churn_basis') = 'subscription';

-- "but in it in between: activity: any activity in P; subscription: a start event in P"
create or replace temp table joined_in_period as
select period, customer_id from active where getvariable('churn_basis') = 'activity'
union all
select period, customer_id from subscriber where getvariable('churn_basis') = 'subscription' and starts > 0;

-- A row per period and customer who was in the base at some time before e.
create or replace temp table standing as
select
    period.period,
    s,
    e,
    first_in_base.customer_id,
    joined_at < s as once,
    at_start.customer_id is not null as in_base,
    at_end.customer_id is not null as still,
    in_base and still as kept,
    in_base and not still as lost,
    once and not in_base as lost_before,
    not once and still as new,
    lost_before and still as reactivated,
    -- "not in base at s, not at e, but in it in between"
    not in_base and not still and between_them.customer_id is not null as passed_through
from period
join first_in_base on joined_at < e
left join base as at_start on at_start.t = s and at_start.customer_id = first_in_base.customer_id
left join base as at_end on at_end.t = e and at_end.customer_id = first_in_base.customer_id
left join joined_in_period as between_them
    on between_them.period = period.period and between_them.customer_id = first_in_base.customer_id;
