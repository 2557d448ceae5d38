-- Churn as others define it, "from subscription events whatever churn.basis is; empty where no subscribe event occurred
-- before e". Needs standing.sql and catalogue.sql.
create or replace temp table churn_definition as
with sides as (
    select
        period.period,
        count(*) filter (start_mrr > 0) as at_start,
        -- "subscribed at s and not at e"
        count(*) filter (start_mrr > 0 and end_mrr = 0) as gone,
        -- "customers subscribed at s with >= 1 loss event in P"
        count(*) filter (start_mrr > 0 and losses > 0) as lost_of_start,
        -- "customers with >= 1 loss event in P"
        count(*) filter (losses > 0) as lost,
        -- "loss events in P"
        coalesce(sum(losses), 0) as losses,
        -- "customers not subscribed at s with a start event in P"
        count(*) filter (start_mrr = 0 and starts > 0) as joined
    from period
    left join subscriber using (period)
    group by period.period
),
defined as (
    select period, unnest(['lifecycle', 'chartmogul', 'recurly']) as definition, gone as numerator, at_start as denominator
    from sides
    union all select period, 'profitwell', lost_of_start, at_start from sides
    union all select period, 'baremetrics', lost, at_start from sides
    union all select period, 'stripe', losses, at_start + joined from sides
)
select
    period, definition, numerator::double as numerator, denominator::double as denominator,
    case when denominator <> 0 then numerator::double / denominator::double end as value
from defined
semi join (from published where kpi = 'mrr') using (period);
