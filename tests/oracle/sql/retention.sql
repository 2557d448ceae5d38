-- Activity, and who stays, leaves and comes back: what each customer adds.
insert into addend
with
active_customer as (
    select period, e, days, customer_id, active_days, active_in_last_week
    from active
    join period using (period)
),
-- "among customers active in P: used the item in P"; "all" = any item
adopted as (
    select distinct period, customer_id
    from customer_event
    join period on day >= s_day and day < e_day
    where kind = 'use' and item is not null
)
-- "mean over all days of P of customers active that day (days with none included)"
select 'dau', period, e, customer_id, active_days, null from active_customer
union all select 'wau', period, e, customer_id, active_in_last_week::int, null from active_customer
union all select 'mau', period, e, customer_id, 1, null from active_customer
-- "For a month: numerator active customer-days, denominator MAU × days."
union all
select 'stickiness', period, e, customer_id, active_days, days from active_customer where getvariable('grain') = 'month'
union all
select 'feature_adoption_rate', period, e, customer_id, (adopted.customer_id is not null)::int, 1
from active_customer
left join adopted using (period, customer_id)
-- "churn_rate lost/in_base; retention_rate kept/in_base; reactivation_rate reactivated/(lost as of s);
-- reactivated_customers = count"
union all select 'churn_rate', period, s, customer_id, lost::int, 1 from standing where in_base
union all select 'retention_rate', period, s, customer_id, kept::int, 1 from standing where in_base
union all select 'reactivation_rate', period, s, customer_id, reactivated::int, 1 from standing where lost_before
union all select 'reactivated_customers', period, s, customer_id, 1, null from standing where reactivated
union all select 'intra_period_churn', period, e, customer_id, 1, null from standing where passed_through;

-- "stickiness of a quarter/year: over its months with MAU > 0, mean of DAU/MAU; numerator = Σ of the months' values,
-- denominator = number of those months. A level's month is computed over the customers with that level at e of the
-- whole period."
create or replace temp table stickiness_of_months as
with month_of_period as (
    select period, e, unnest(generate_series(s_day, e_day - 1, interval 1 month))::date as first_day
    from period
    where getvariable('grain') <> 'month'
),
active_in_month as (
    select period, e, first_day, customer_id, count(*) as active_days
    from month_of_period
    join active_day on day >= first_day and day < first_day + interval 1 month
    group by period, e, first_day, customer_id
),
month_of_level as (
    select
        period, segment, level, first_day,
        -- DAU ÷ MAU = customer-days ÷ days ÷ customers
        sum(active_days)::double
            / (count(*) * date_diff('day', first_day, (first_day + interval 1 month)::date))::double as value
    from active_in_month
    join customer_level on t = e and customer_level.customer_id = active_in_month.customer_id
    group by period, segment, level, first_day
)
select 'stickiness' as kpi, period, segment, level, sum(value) as numerator, count(*)::double as denominator
from month_of_level
group by period, segment, level;
