-- The catalogue of KPIS.md over the tables of concepts.sql. Every KPI is first written down per customer: what the
-- customer adds to the numerator and to the denominator; then summed by segment.

-- 'total': value = numerator, no denominator. 'quotient': both published, value = numerator / denominator.
create or replace temp table catalogue as
from (values
    ('visitors', 'total'), ('signups', 'total'), ('new_customers', 'total'),
    ('activation_rate', 'quotient'), ('activation_rate_window', 'quotient'),
    ('time_to_activate_mean', 'days'), ('time_to_activate_median', 'quantile'), ('time_to_activate_p90', 'quantile'),
    ('visitor_to_signup_rate', 'quotient'), ('signup_to_subscription_rate', 'quotient'),
    ('dau', 'per_day'), ('wau', 'total'), ('mau', 'total'), ('stickiness', 'quotient'),
    ('feature_adoption_rate', 'quotient'),
    ('churn_rate', 'quotient'), ('retention_rate', 'quotient'), ('reactivated_customers', 'total'),
    ('repeat_purchase_rate', 'quotient'),
    ('time_between_purchases_mean', 'days'), ('time_between_purchases_median', 'quantile'),
    ('product_return_rate', 'quotient'),
    ('orders', 'total'), ('revenue', 'total'), ('net_revenue', 'total'), ('average_order_value', 'quotient')
) as entry(kpi, shape);

-- What each customer adds, at the edge whose segment value counts: e, or s "for figures over a base at start".
create or replace temp table contribution as
with
-- "customers whose sign-up is in P"
signed_up as (
    select period, s, e, customer_id, signed_up_at, activated_at
    from sign_up
    join period on signed_up_at >= s and signed_up_at < e
    left join activation using (customer_id)
),
-- "customers whose first order or first subscription is in P": the earlier of the two, so that nobody is new twice.
new_customer as (
    select period, e, customer_id
    from (
        select customer_id, min(reached_at) as bought_at
        from (
            select customer_id, ordered_at as reached_at from purchase_order
            union all select customer_id, subscribed_at from first_subscription
        )
        group by customer_id
    )
    join period on bought_at >= s and bought_at < e
),
-- "among customers whose window closed in P: activated within it"
window_closed as (
    select period, e, customer_id, activated_at
    from sign_up
    join period on signed_up_at >= closing_since and signed_up_at < closing_until
    left join activation using (customer_id)
),
-- "days from sign-up to activation, customers activated in P"
activated as (
    select period, e, customer_id, epoch_us(activated_at) - epoch_us(signed_up_at) as microseconds
    from activation
    join sign_up using (customer_id)
    join period on activated_at >= s and activated_at < e
),
-- "visitors with a visit in P"; here those of them who are customers
customer_visited as (
    select period, s, e, customer_id, coalesce(signed_up_at >= s and signed_up_at < e, false) as signed_up
    from visitor
    join period using (period)
    left join sign_up using (customer_id)
    where visitor.customer_id is not null
),
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
),
-- "base at start: alive at s. Kept: in the base at s and alive at e."
base as (
    select period, s, at_start.customer_id, at_end.customer_id is not null as kept
    from period
    join alive as at_start on at_start.t = s
    left join alive as at_end on at_end.t = e and at_end.customer_id = at_start.customer_id
),
-- "among customers lost as of s (alive once, not at s): alive at e"
reactivated as (
    select period, s, at_end.customer_id
    from period
    join alive as at_end on at_end.t = e
    join first_activity on first_activity.customer_id = at_end.customer_id and first_activity.reached_at < s
    where not exists (from alive as at_start where at_start.t = s and at_start.customer_id = at_end.customer_id)
),
order_in_period as (
    select period, e, customer_id, ordered_at, amount, quantity
    from purchase_order
    join period on month = s_day
),
-- "among customers with an order in P: with at least 2 orders before e"
ordered as (
    select period, e, customer_id, count(*) >= 2 as repeated
    from purchase_order
    join period on month < e_day
    group by period, s_day, e, customer_id
    having bool_or(month = s_day)
),
-- "days between consecutive orders of a customer, later one in P"
gap as (
    select period, e, customer_id, microseconds
    from (
        select
            customer_id,
            ordered_at,
            epoch_us(ordered_at) - epoch_us(lag(ordered_at) over (partition by customer_id order by ordered_at))
                as microseconds
        from purchase_order
    )
    join period on ordered_at >= s and ordered_at < e
    where microseconds is not null
),
returned as (
    select period, e, customer_id, amount, quantity
    from customer_event
    join period on day >= s_day and day < e_day
    where kind = 'return'
)
select kpi, period, t, customer_id, numerator::decimal(38, 4) as numerator, denominator::decimal(38, 4) as denominator
from (
    select 'signups' as kpi, period, e as t, customer_id, 1 as numerator, null as denominator from signed_up
    union all select 'new_customers', period, e, customer_id, 1, null from new_customer
    -- "among customers who signed up in P: activated before e"
    union all select 'activation_rate', period, e, customer_id, coalesce(activated_at < e, false)::int, 1 from signed_up
    union all
    select 'activation_rate_window', period, e, customer_id, (activated_at is not null)::int, 1 from window_closed
    union all select 'time_to_activate_mean', period, e, customer_id, microseconds, 1 from activated
    union all select 'visitors', period, e, customer_id, 1, null from customer_visited
    -- "among visitors of P: signed up in P"
    union all select 'visitor_to_signup_rate', period, e, customer_id, signed_up::int, 1 from customer_visited
    -- "among customers who signed up in P: subscribed before e"
    union all
    select 'signup_to_subscription_rate', period, e, customer_id, coalesce(subscribed_at < e, false)::int, 1
    from signed_up
    left join first_subscription using (customer_id)
    -- "mean over all days of P of customers active that day (days with none included)"
    union all select 'dau', period, e, customer_id, active_days, null from active_customer
    union all select 'wau', period, e, customer_id, active_in_last_week::int, null from active_customer
    union all select 'mau', period, e, customer_id, 1, null from active_customer
    -- "dau ÷ mau for a month"
    union all select 'stickiness', period, e, customer_id, active_days, days from active_customer
    union all
    select 'feature_adoption_rate', period, e, customer_id, (adopted.customer_id is not null)::int, 1
    from active_customer
    left join adopted using (period, customer_id)
    union all select 'churn_rate', period, s, customer_id, (not kept)::int, 1 from base
    union all select 'retention_rate', period, s, customer_id, kept::int, 1 from base
    union all select 'reactivated_customers', period, s, customer_id, 1, null from reactivated
    union all select 'repeat_purchase_rate', period, e, customer_id, repeated::int, 1 from ordered
    union all select 'time_between_purchases_mean', period, e, customer_id, microseconds, 1 from gap
    -- "units returned in P ÷ units sold in P (ratio)"
    union all select 'product_return_rate', period, e, customer_id, quantity, 0 from returned
    union all select 'product_return_rate', period, e, customer_id, 0, quantity from order_in_period
    -- "orders in P; their amount; less returns; ÷ orders"
    union all select 'orders', period, e, customer_id, 1, null from order_in_period
    union all select 'revenue', period, e, customer_id, amount, null from order_in_period
    union all select 'net_revenue', period, e, customer_id, amount, null from order_in_period
    union all select 'net_revenue', period, e, customer_id, -amount, null from returned
    union all select 'average_order_value', period, e, customer_id, amount, 1 from order_in_period
);

-- Durations one by one, for the quantiles.
create or replace temp table duration as
select kpi, period, segment, level, numerator::double / 86400e6 as days
from contribution
join customer_level using (t, customer_id)
where kpi in ('time_to_activate_mean', 'time_between_purchases_mean');

create or replace temp table figure as
with
summed_over_customers as (
    select kpi, period, segment, level, sum(numerator) as numerator, sum(denominator) as denominator
    from contribution
    join customer_level using (t, customer_id)
    group by all
),
-- "Anonymous events feed only the visitor figures"
summed_over_unlinked as (
    select kpi, period, segment, level, sum(numerator) as numerator, sum(denominator) as denominator
    from visitor
    join anonymous_level using (period, anonymous_id)
    cross join (values ('visitors', 1, null), ('visitor_to_signup_rate', 0, 1)) as each(kpi, numerator, denominator)
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
-- A period and KPI without anybody still has its whole: 0 of 0.
whole as (
    select kpi, period, 'all' as segment, 'all' as level, 0 as numerator, 0 as denominator
    from catalogue
    cross join period
    where shape <> 'quantile'
),
summed as (
    select kpi, period, segment, level, sum(numerator)::double as numerator, sum(denominator)::double as denominator
    from (
        from summed_over_customers
        union all from summed_over_unlinked
        union all from summed_over_items
        union all from whole
    )
    group by all
),
additive as (
    select
        period, kpi, segment, level,
        case when shape = 'days' then numerator / 86400e6 else numerator end as numerator,
        case shape when 'total' then null when 'per_day' then days else denominator end as denominator
    from summed
    join catalogue using (kpi)
    join period using (period)
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
    select kpi, period, segment, level, case wanted.q when 'p90' then p90 else median end as value, durations
    from duration_quantile
    join (values
        ('time_to_activate_mean', 'time_to_activate_median', 'median'),
        ('time_to_activate_mean', 'time_to_activate_p90', 'p90'),
        ('time_between_purchases_mean', 'time_between_purchases_median', 'median')
    ) as wanted(mean, kpi, q) using (mean)
)
select
    period, kpi, segment, level, numerator, denominator,
    -- "Denominator 0 -> value null; both counts published."
    case when denominator is null then numerator when denominator <> 0 then numerator / denominator end as value
from additive
union all
select period, kpi, segment, level, null, durations::double, value from quantiles;
