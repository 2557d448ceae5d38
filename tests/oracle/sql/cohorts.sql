-- "cohort = sign-up period of the grain; age in periods; ages 0 … of the published period." Needs concepts.sql. One row
-- per published period, cohort and age; cohorts reach back to the first of the whole data.
create or replace temp table cohort as
with member as (
    select customer_id, period_of(wall_of(signed_up_at)) as cohort_day from sign_up
),
-- "size: customers who signed up in the cohort"
cohort_size as (
    select cohort_day, count(*) as size from member group by cohort_day
),
cell as (
    select
        period,
        s_day,
        cohort_day,
        size,
        unnest(range(0, 1 + (date_diff('month', cohort_day, s_day) / date_diff('month', s_day, e_day))::bigint)) as age,
        (cohort_day + age * grain_length())::date as age_day,
        (cohort_day + (age + 1) * grain_length())::date as age_end_day
    from cohort_size
    join period on cohort_day <= s_day
),
active_in as (
    select distinct customer_id, cohort_day, period_of(day) as active_day
    from active_day
    join member using (customer_id)
),
-- "active: of the cohort, active in the period of that age (bounded)"
bounded as (
    select cohort_day, active_day as age_day, count(*) as active from active_in group by cohort_day, active_day
),
-- "active_since: active in that period or later, as of the published period's end (unbounded)"
last_active as (
    select period, cohort_day, last_day, count(*) as customers
    from (
        select period, customer_id, cohort_day, max(active_day) as last_day
        from active_in
        join period on active_day <= s_day
        group by period, customer_id, cohort_day
    )
    group by period, cohort_day, last_day
),
unbounded as (
    select period, cohort_day, age, sum(customers) as active_since
    from cell
    join last_active using (period, cohort_day)
    where last_day >= age_day
    group by period, cohort_day, age
),
-- "activated: activated before the end of the period of that age"
activated_in as (
    select cohort_day, period_of(wall_of(activated_at)) as activated_day, count(*) as customers
    from activation
    join member using (customer_id)
    group by cohort_day, activated_day
),
activated_until as (
    select period, cohort_day, age, sum(customers) as activated
    from cell
    join activated_in using (cohort_day)
    where activated_day < age_end_day
    group by period, cohort_day, age
),
-- "revenue: all order revenue of the cohort's customers before the end of that age (ever, also before sign-up)"
revenue_in as (
    select cohort_day, month, sum(amount) as amount
    from purchase_order
    join member using (customer_id)
    group by cohort_day, month
),
revenue_until as (
    select period, cohort_day, age, sum(amount) as revenue
    from cell
    join revenue_in using (cohort_day)
    where month < age_end_day
    group by period, cohort_day, age
)
select
    period,
    period_name(cohort_day) as cohort,
    age::bigint as age,
    size::double as size,
    coalesce(active, 0)::double as active,
    coalesce(active, 0) / size as retained,
    coalesce(active_since, 0)::double as active_since,
    coalesce(active_since, 0)::double / size as retained_since,
    coalesce(activated, 0)::double as activated,
    coalesce(revenue, 0)::double as revenue,
    if(age_day = s_day, 'immature', 'ok') as status
from cell
left join bounded using (cohort_day, age_day)
left join unbounded using (period, cohort_day, age)
left join activated_until using (period, cohort_day, age)
left join revenue_until using (period, cohort_day, age);
