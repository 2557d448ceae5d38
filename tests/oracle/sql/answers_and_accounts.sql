-- Survey answers, receivables and marketing: what each customer, or each row of spend, adds.
insert into addend
with
-- "per customer with an `nps` event with a score in P, the last by (occurred_at, score)". `csat`: the same.
answer as (
    select period, e, kind, customer_id, arg_max(score, (occurred_at, score)) as score
    from customer_event
    join period on day >= s_day and day < e_day
    where kind in ('nps', 'csat') and score is not null
    group by period, e, kind, customer_id
),
-- "receivable = Σ invoice amounts - Σ payment amounts of the customer before e"
owed as (
    select period, e, customer_id, if(kind = 'invoice', amount, -amount) as owing
    from customer_event
    join period on occurred_at < e
    where kind in ('invoice', 'payment')
),
-- "invoiced = Σ invoice amounts in P"
invoiced as (
    select period, e, customer_id, amount
    from customer_event
    join period on day >= s_day and day < e_day
    where kind = 'invoice'
)
-- "numerator = promoters - detractors, denominator = answers"
select
    'nps', period, e, customer_id,
    case
        when score between getvariable('nps_promoters')[1] and getvariable('nps_promoters')[2] then 1
        when score between getvariable('nps_detractors')[1] and getvariable('nps_detractors')[2] then -1
        else 0
    end,
    1
from answer
where kind = 'nps'
-- "share with score >= surveys.csat_satisfied_from"
union all
select 'csat', period, e, customer_id, (score >= getvariable('csat_satisfied_from'))::int, 1
from answer
where kind = 'csat'
union all select 'dso', period, e, customer_id, owing, 0 from owed
union all select 'dso', period, e, customer_id, 0, amount from invoiced
-- "marketing_spend ÷ new_customers": here the latter
union all
select 'customer_acquisition_cost', period, t, customer_id, 0, 1 from addend where kpi = 'new_customers';

-- "Σ amount of `spend` events in P; its segment level is the row's own dimension value (null -> unknown)."
create or replace temp table spent as
with spend_in_period as (
    select period, amount, coalesce(country, 'unknown') as country, coalesce(plan, 'unknown') as plan
    from event
    join period on day >= s_day and day < e_day
    where kind = 'spend'
)
select period, 'all' as segment, 'all' as level, sum(amount) as amount from spend_in_period group by all
union all
select period, 'country', country, sum(amount) from spend_in_period
where list_contains(getvariable('dimensions'), 'country')
group by all
union all
select period, 'plan', plan, sum(amount) from spend_in_period
where list_contains(getvariable('dimensions'), 'plan')
group by all;
