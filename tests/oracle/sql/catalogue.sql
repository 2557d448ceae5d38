-- The catalogue of KPIS.md: what shape a figure has, and the kinds of events it cannot be told without.

-- 'total': value = numerator, no denominator. 'quotient': both published, value = numerator / denominator. 'days': the
-- same, summed in microseconds. 'per_day': ÷ days of P. 'points': × 100. 'turnover': × days of P. 'quantile': no
-- numerator. 'derived': from other figures.
-- `needs`: of each inner list at least one kind, a list for each side of a quotient. What is only taken off (returns from
-- revenue, payments from receivables) may never have happened. What counts as being active, or as a conversion, is a
-- variable; the activation rule is fulfilled by `purchase` or `use`.
create or replace temp table catalogue as
with kinds as (
    select
        getvariable('activity_kinds') as active,
        getvariable('conversion_kinds') as conversion,
        case getvariable('churn_basis') when 'activity' then active when 'subscription' then ['subscribe'] end as base
)
select kpi, shape, needs
from kinds
cross join lateral (values
    ('visitors', 'total', [['visit']]),
    ('signups', 'total', [['signup']]),
    ('new_customers', 'total', [['purchase', 'subscribe', 'change']]),
    ('activation_rate', 'quotient', [['signup'], ['purchase', 'use']]),
    ('activation_rate_prospects', 'quotient', [['signup'], ['purchase', 'use']]),
    ('activation_rate_targeted', 'quotient', [['target'], ['signup'], ['purchase', 'use']]),
    ('activation_rate_window', 'quotient', [['signup'], ['purchase', 'use']]),
    ('deactivation_rate', 'quotient', [['deactivate']]),
    ('time_to_activate_mean', 'days', [['signup'], ['purchase', 'use']]),
    ('time_to_activate_median', 'quantile', [['signup'], ['purchase', 'use']]),
    ('time_to_activate_p90', 'quantile', [['signup'], ['purchase', 'use']]),
    ('visitor_to_signup_rate', 'quotient', [['visit'], ['signup']]),
    ('signup_to_subscription_rate', 'quotient', [['signup'], ['subscribe', 'change']]),
    ('conversion_ratio', 'quotient', [['visit'], conversion]),

    ('dau', 'per_day', [active]),
    ('wau', 'total', [active]),
    ('mau', 'total', [active]),
    ('stickiness', 'quotient', [active]),
    ('feature_adoption_rate', 'quotient', [['use'], active]),

    ('churn_rate', 'quotient', [base]),
    ('retention_rate', 'quotient', [base]),
    ('intra_period_churn', 'total', [base]),
    ('reactivation_rate', 'quotient', [base]),
    ('reactivated_customers', 'total', [base]),

    ('retention_bucket', 'quotient', [['purchase']]),
    ('loyal_customer_rate', 'quotient', [['purchase']]),
    ('repeat_purchase_rate', 'quotient', [['purchase']]),
    ('time_between_purchases_mean', 'days', [['purchase']]),
    ('time_between_purchases_median', 'quantile', [['purchase']]),
    ('product_return_rate', 'quotient', [['purchase'], ['return']]),
    ('orders', 'total', [['purchase']]),
    ('revenue', 'total', [['purchase']]),
    ('net_revenue', 'total', [['purchase']]),
    ('average_order_value', 'quotient', [['purchase']]),
    ('revenue_per_customer', 'quotient', [['purchase'], active]),
    ('existing_customer_revenue_growth', 'quotient', [['purchase']]),

    ('revenue_churn_amount', 'total', if(getvariable('churn_basis') = 'activity', [['purchase'], base], [base])),
    ('revenue_churn_rate', 'quotient', if(getvariable('churn_basis') = 'activity', [['purchase'], base], [base])),
    ('gross_revenue_retention', 'quotient', [['subscribe']]),
    ('net_revenue_retention', 'quotient', [['subscribe']]),
    ('quick_ratio', 'quotient', [['subscribe']]),
    ('mrr', 'total', [['subscribe']]),
    ('mrr_at_start', 'total', [['subscribe']]),
    ('mrr_new', 'total', [['subscribe']]),
    ('mrr_reactivation', 'total', [['subscribe']]),
    ('mrr_expansion', 'total', [['subscribe']]),
    ('mrr_contraction', 'total', [['subscribe']]),
    ('mrr_churn', 'total', [['subscribe']]),

    ('nps', 'points', [['nps']]),
    ('csat', 'quotient', [['csat']]),
    ('dso', 'turnover', [['invoice']]),
    ('marketing_spend', 'total', [['spend']]),
    ('customer_acquisition_cost', 'quotient', [['spend'], ['purchase', 'subscribe', 'change']]),
    ('customer_lifetime_value', 'derived', [['purchase'], active, base])
) as entry(kpi, shape, needs);

create or replace temp table published as
select period, kpi, shape
from seen
cross join catalogue
where len(list_filter(needs, lambda one_of: not list_has_any(one_of, kinds))) = 0;
