-- "cohorts: sign-up period × age in periods: size, active (in the period of that age). Ages still to come are absent."
-- Needs concepts.sql. One row per snapshot period, cohort and age; cohorts are the months of the whole data.
create or replace temp table cohort as
with member as (
    select customer_id, date_trunc('month', wall_of(signed_up_at))::date as cohort_month from sign_up
),
cohort_size as (
    select cohort_month, count(*) as size from member group by cohort_month
),
member_active as (
    select distinct customer_id, cohort_month, date_trunc('month', day)::date as active_month
    from activity
    join member using (customer_id)
),
member_activity as (
    select cohort_month, active_month, count(*) as active from member_active group by cohort_month, active_month
),
cell as (
    select
        cohort_month,
        size,
        unnest(range(0, 1 + date_diff('month', cohort_month, last_month))) as age,
        (cohort_month + age * interval 1 month)::date as active_month
    from cohort_size
    cross join (select max(s_day) as last_month from period)
)
select
    period,
    strftime(cohort_month, '%Y-%m') as cohort,
    age::bigint as age,
    size::double as size,
    coalesce(active, 0)::double as active
from cell
left join member_activity using (cohort_month, active_month)
join period on active_month <= s_day;
