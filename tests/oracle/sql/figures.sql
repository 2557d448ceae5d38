-- From what each customer adds (`addend`) to figures: summed by segment, divided last.

-- Durations one by one, for the quantiles.
create or replace temp table duration as
select kpi, period, segment, level, numerator::double / 86400e6 as days
from addend
join customer_level using (t, customer_id)
where kpi in ('time_to_activate_mean', 'time_between_purchases_mean');

create or replace temp table summed as
with
summed_over_customers as (
    select kpi, period, segment, level, sum(numerator) as numerator, sum(denominator) as denominator
    from (
        select kpi, period, t, customer_id, sum(numerator) as numerator, sum(denominator) as denominator
        from addend
        group by all
    )
    join customer_level using (t, customer_id)
    group by all
),
-- "Anonymous events feed only the visitor figures"
summed_over_unlinked as (
    select kpi, period, segment, level, sum(numerator) as numerator, sum(denominator) as denominator
    from visitor
    join anonymous_level using (period, anonymous_id)
    cross join (
        values ('visitors', 1, null), ('visitor_to_signup_rate', 0, 1), ('conversion_ratio', 0, 1)
    ) as each(kpi, numerator, denominator)
    where visitor.anonymous_id is not null
    group by all
),
-- "one level per item (segment `item`)"; a `use` may be no activity, so both sides are asked
summed_over_items as (
    select
        'feature_adoption_rate' as kpi, period, 'item' as segment, item as level,
        count(distinct customer_id) as numerator, any_value(active_customers) as denominator
    from customer_event
    join period on day >= s_day and day < e_day
    join active using (period, customer_id)
    join (select period, count(*) as active_customers from active group by period) using (period)
    where kind = 'use' and item is not null
    group by period, item
),
summed_over_spend as (
    select kpi, period, segment, level, amount as numerator, denominator
    from spent
    cross join (values ('marketing_spend', null), ('customer_acquisition_cost', 0)) as each(kpi, denominator)
),
-- A period and KPI without anybody still has its whole: 0 of 0.
whole as (
    select kpi, period, 'all' as segment, 'all' as level, 0 as numerator, 0 as denominator
    from catalogue
    cross join period
    where shape not in ('quantile', 'derived')
),
all_sums as (
    from summed_over_customers
    union all from summed_over_unlinked
    union all from summed_over_items
    union all from summed_over_spend
    union all from whole
),
exact as (
    select kpi, period, segment, level, sum(numerator)::double as numerator, sum(denominator)::double as denominator
    from all_sums
    group by all
)
select kpi, period, segment, level, numerator, denominator from exact
anti join stickiness_of_months using (kpi, period, segment, level)
union all
select kpi, period, segment, level, numerator, denominator from stickiness_of_months;

create or replace temp table figure as
with
additive as (
    select
        period, kpi, segment, level, shape, days,
        case when shape = 'days' then numerator / 86400e6 else numerator end as numerator,
        case shape when 'total' then null when 'per_day' then days else denominator end as denominator
    from summed
    join catalogue using (kpi)
    join period using (period)
),
divided as (
    select
        period, kpi, segment, level, numerator, denominator,
        -- "Denominator 0 -> value null; both counts published."
        case
            when shape = 'total' then numerator
            when denominator <> 0 then
                numerator * case shape when 'points' then 100 when 'turnover' then days else 1 end / denominator
        end as value
    from additive
),
-- Medians and p90: linear interpolation between order statistics.
duration_quantile as (
    select
        mean, period, segment, level,
        quantile_cont(days, 0.5) as median, quantile_cont(days, 0.9) as p90, count(days) as durations
    from (
        select kpi as mean, period, segment, level, days from duration
        union all
        select mean, period, 'all', 'all', null
        from period
        cross join (values ('time_to_activate_mean'), ('time_between_purchases_mean')) as each(mean)
    )
    group by all
),
quantiles as (
    select
        period, kpi, segment, level, null as numerator, durations::double as denominator,
        case wanted.q when 'p90' then p90 else median end as value
    from duration_quantile
    join (values
        ('time_to_activate_mean', 'time_to_activate_median', 'median'),
        ('time_to_activate_mean', 'time_to_activate_p90', 'p90'),
        ('time_between_purchases_mean', 'time_between_purchases_median', 'median')
    ) as wanted(mean, kpi, q) using (mean)
),
-- "numerator = revenue_per_customer × clv.gross_margin, denominator = churn_rate (value), value = n/d; null when churn
-- is 0/null or the churn base < 30. By level too", where a level has both.
lifetime as (
    select
        period, 'customer_lifetime_value' as kpi, segment, level,
        spending.value * getvariable('gross_margin')::double as margin,
        leaving.value as churn,
        case when churn > 0 and leaving.denominator >= 30 then margin / churn end as value
    from divided as spending
    join divided as leaving using (period, segment, level)
    where spending.kpi = 'revenue_per_customer' and leaving.kpi = 'churn_rate'
)
select period, kpi, segment, level, numerator, denominator, value
from (from divided union all from quantiles union all from lifetime)
semi join published using (period, kpi)
-- Where no cost is labelled with a level, nothing is known of what its customers cost.
where not (kpi = 'customer_acquisition_cost' and segment <> 'all' and numerator = 0);
