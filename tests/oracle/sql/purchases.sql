-- Orders, returns and revenue: what each customer adds.
insert into addend
with
order_in_period as (
    select period, e, customer_id, amount, quantity
    from purchase_order
    join period on month >= s_day and month < e_day
),
-- "orders by calendar month in [e - 12 months, e): customers with >= loyalty.orders ÷ customers with >= 1"
ordered_in_year as (
    select period, e, customer_id, count(*) >= getvariable('loyalty_orders') as loyal
    from purchase_order
    join period on month >= e_day - interval 12 month and month < e_day
    group by period, e, customer_id
),
-- "among customers with an order in P: with at least 2 orders before e"
ordered as (
    select period, e, customer_id, count(*) >= 2 as repeated
    from purchase_order
    join period on month < e_day
    group by period, s_day, e, customer_id
    having bool_or(month >= s_day)
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
),
-- "activity basis: revenue in the previous period of in_base customers not kept; ÷ that of all in_base customers"
base_revenue as (
    select period, standing.s, customer_id, kept, earlier_revenue
    from standing
    join customer_revenue using (period, customer_id)
    where in_base and getvariable('churn_basis') = 'activity'
)
-- "customers with an order in P ÷ customers with an order in the previous period of the grain"
select 'retention_bucket', period, e, customer_id, (orders > 0)::int, (earlier_orders > 0)::int from customer_revenue
union all select 'loyal_customer_rate', period, e, customer_id, loyal::int, 1 from ordered_in_year
union all select 'repeat_purchase_rate', period, e, customer_id, repeated::int, 1 from ordered
union all select 'time_between_purchases_mean', period, e, customer_id, microseconds, 1 from gap
-- "units returned in P ÷ units sold in P (ratio)"
union all select 'product_return_rate', period, e, customer_id, quantity, 0 from returned
union all select 'product_return_rate', period, e, customer_id, 0, quantity from order_in_period
-- "orders in P; their amount; less returns; ÷ orders; ÷ active customers"
union all select 'orders', period, e, customer_id, 1, null from order_in_period
union all select 'revenue', period, e, customer_id, amount, null from order_in_period
union all select 'net_revenue', period, e, customer_id, amount, null from order_in_period
union all select 'net_revenue', period, e, customer_id, -amount, null from returned
union all select 'average_order_value', period, e, customer_id, amount, 1 from order_in_period
union all select 'revenue_per_customer', period, e, customer_id, amount, 0 from order_in_period
union all select 'revenue_per_customer', period, e, customer_id, 0, 1 from active join period using (period)
-- "over customers with revenue > 0 in the previous period: Σ(revenue in P - revenue then) ÷ Σ revenue then"
union all
select
    'existing_customer_revenue_growth', period, s, customer_id,
    revenue::decimal(38, 4) - earlier_revenue::decimal(38, 4), earlier_revenue
from customer_revenue
where earlier_revenue > 0
union all
select 'revenue_churn_amount', period, s, customer_id, earlier_revenue, null from base_revenue where not kept
union all
select 'revenue_churn_rate', period, s, customer_id, if(kept, 0, earlier_revenue), earlier_revenue from base_revenue;
