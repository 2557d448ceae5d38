-- Visitors, sign-ups, activation, conversion: what each customer adds.
insert into addend
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
-- "among (signed up before s, not activated before s, window end > s) or signed up in P: activated in P"
prospect as (
    select period, e, customer_id, coalesce(activated_at >= s and activated_at < e, false) as activated
    from sign_up
    left join activation using (customer_id)
    join period
        on (signed_up_at < s and coalesce(activated_at >= s, true) and window_ends_at > s)
        or (signed_up_at >= s and signed_up_at < e)
),
-- "first `target` event of the customer in P at t0; among those with activated_at null (as of e) or > t0: activated_at
-- > t0 (and < e)". Who never signed up is among them.
targeted as (
    select period, e, customer_id, coalesce(activated_at < e, false) as activated
    from (
        select period, e, customer_id, min(occurred_at) as targeted_at
        from customer_event
        join period on day >= s_day and day < e_day
        where kind = 'target'
        group by period, e, customer_id
    )
    left join activation using (customer_id)
    where activated_at is null or activated_at > targeted_at
),
-- "days from sign-up to activation, customers activated in P"
activated as (
    select period, e, customer_id, epoch_us(activated_at) - epoch_us(signed_up_at) as microseconds
    from activation
    join sign_up using (customer_id)
    join period on activated_at >= s and activated_at < e
),
-- "among customers known at s (any event before s) with no `deactivate` before s: with a `deactivate` in P"
deactivatable as (
    select period, s, customer_id, coalesce(deactivated_at < e, false) as deactivated
    from known
    join period on known_at < s and coalesce(deactivated_at >= s, true)
),
-- "visitors with a visit in P"; here those of them who are customers
customer_visited as (
    select period, s, e, customer_id, coalesce(signed_up_at >= s and signed_up_at < e, false) as signed_up
    from visitor
    join period using (period)
    left join sign_up using (customer_id)
    where visitor.customer_id is not null
),
-- "conversions in P of a customer: its orders + its events of the other kinds in conversion.kinds"
conversion as (
    select period, e, customer_id
    from purchase_order
    join period on month >= s_day and month < e_day
    where list_contains(getvariable('conversion_kinds'), 'purchase')
    union all
    select period, e, customer_id
    from customer_event
    join period on day >= s_day and day < e_day
    where kind <> 'purchase' and list_contains(getvariable('conversion_kinds'), kind)
)
select 'signups', period, e, customer_id, 1, null from signed_up
union all select 'new_customers', period, e, customer_id, 1, null from new_customer
-- "among customers who signed up in P: activated before e"
union all select 'activation_rate', period, e, customer_id, coalesce(activated_at < e, false)::int, 1 from signed_up
union all select 'activation_rate_window', period, e, customer_id, (activated_at is not null)::int, 1 from window_closed
union all select 'activation_rate_prospects', period, e, customer_id, activated::int, 1 from prospect
union all select 'activation_rate_targeted', period, e, customer_id, activated::int, 1 from targeted
union all select 'deactivation_rate', period, s, customer_id, deactivated::int, 1 from deactivatable
union all select 'time_to_activate_mean', period, e, customer_id, microseconds, 1 from activated
union all select 'visitors', period, e, customer_id, 1, null from customer_visited
-- "among visitors of P: signed up in P"
union all select 'visitor_to_signup_rate', period, e, customer_id, signed_up::int, 1 from customer_visited
-- "among customers who signed up in P: subscribed before e"
union all
select 'signup_to_subscription_rate', period, e, customer_id, coalesce(subscribed_at < e, false)::int, 1
from signed_up
left join first_subscription using (customer_id)
-- "conversions in P ÷ visitors of P"
union all select 'conversion_ratio', period, e, customer_id, 1, 0 from conversion
union all select 'conversion_ratio', period, e, customer_id, 0, 1 from customer_visited;
