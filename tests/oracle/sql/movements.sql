-- "customers and mrr by movement, per segment", by churn.basis. Needs standing.sql and catalogue.sql.
create or replace temp table movement as
with
-- "level of a customer: at s if in the base at s or once in it before; otherwise at e"
member as (
    select
        standing.*,
        case when standing.once then standing.s else standing.e end as t,
        coalesce(start_mrr, 0) as start_mrr,
        coalesce(end_mrr, 0) as end_mrr
    from standing
    left join subscriber using (period, customer_id)
),
-- "mrr: start: mrr at s; new, reactivated: mrr at e; expanded: gain; contracted: loss (positive); lost: mrr at s;
-- kept: Σ min(mrr at s, at e); end: mrr at e"; "kept = everybody in the base at both edges; expanded/contracted = those
-- of them whose mrr rose/fell (subscription basis)"
moved as (
    select period, t, customer_id, 'start' as movement, start_mrr as mrr from member where in_base
    union all select period, t, customer_id, 'new', end_mrr from member where new
    union all select period, t, customer_id, 'kept', least(start_mrr, end_mrr) from member where kept
    union all
    select period, t, customer_id, 'expanded', end_mrr - start_mrr from member
    where kept and end_mrr > start_mrr and getvariable('churn_basis') = 'subscription'
    union all
    select period, t, customer_id, 'contracted', start_mrr - end_mrr from member
    where kept and end_mrr < start_mrr and getvariable('churn_basis') = 'subscription'
    union all select period, t, customer_id, 'reactivated', end_mrr from member where reactivated
    union all select period, t, customer_id, 'lost', start_mrr from member where lost
    union all select period, t, customer_id, 'end', end_mrr from member where still
),
counted as (
    select period, segment, level, movement, count(*) as customers, sum(mrr) as mrr
    from moved
    join customer_level using (t, customer_id)
    group by period, segment, level, movement
),
-- "rows for levels with any customer in start or end"; the whole always, once anybody can be in the base
told as (
    select distinct period, segment, level from counted where movement in ('start', 'end')
    union
    select period, 'all', 'all' from published where kpi = 'churn_rate'
),
every_movement as (
    select unnest(['start', 'new', 'kept', 'reactivated', 'lost', 'end']) as movement
    union all
    select unnest(['expanded', 'contracted']) where getvariable('churn_basis') = 'subscription'
)
select
    period, segment, level, movement,
    coalesce(customers, 0)::double as customers,
    case when getvariable('churn_basis') = 'subscription' then coalesce(mrr, 0)::double end as mrr
from told
cross join every_movement
left join counted using (period, segment, level, movement)
semi join (from published where kpi = 'churn_rate') using (period);
