-- Why a share moved: what each level adds by its size (mix) and by its own rate (rate). Needs figures.sql, run from one
-- period earlier than asked for.
create or replace temp table contribution as
with
-- "for every KPI that is a share"
share_kpi as (
    select unnest([
        'activation_rate', 'activation_rate_prospects', 'activation_rate_targeted', 'activation_rate_window',
        'deactivation_rate', 'visitor_to_signup_rate', 'signup_to_subscription_rate', 'feature_adoption_rate',
        'churn_rate', 'retention_rate', 'reactivation_rate', 'loyal_customer_rate', 'repeat_purchase_rate', 'csat'
    ]) as kpi
),
-- "against the previous period of the grain (if both have a value)"
pair as (
    select now.period, earlier.period as earlier, now.s_day
    from period as now
    join period as earlier on earlier.s_day = now.earlier_day
),
compared as (
    select
        pair.period, earlier, kpi,
        before.denominator as whole_before, now.denominator as whole_now, (before.value + now.value) / 2 as mean_whole
    from pair
    join figure as now on now.period = pair.period
    join figure as before using (kpi, segment, level)
    semi join share_kpi using (kpi)
    where before.period = earlier and segment = 'all' and before.value is not null and now.value is not null
),
level_of_pair as (
    select distinct compared.period, earlier, kpi, segment, level, whole_before, whole_now, mean_whole
    from compared
    join figure using (kpi)
    where figure.period in (compared.period, earlier) and list_contains(getvariable('dimensions'), segment)
),
-- "share = the level's part of the denominator; value = the level's own rate"
side_by_side as (
    select
        each.period, each.kpi, each.segment, each.level, mean_whole,
        coalesce(before.denominator, 0) / whole_before as share_before,
        coalesce(now.denominator, 0) / whole_now as share_now,
        before.value as value_before,
        now.value as value_now,
        -- "A level absent on one side: its value there is taken as that of the other side (value columns stay null)."
        coalesce(before.value, now.value) as rate_before,
        coalesce(now.value, before.value) as rate_now
    from level_of_pair as each
    left join figure as before
        on before.period = earlier and before.kpi = each.kpi
        and before.segment = each.segment and before.level = each.level
    left join figure as now
        on now.period = each.period and now.kpi = each.kpi
        and now.segment = each.segment and now.level = each.level
)
select
    period, kpi, segment, level, share_before, share_now, value_before, value_now,
    (share_now - share_before) * ((rate_before + rate_now) / 2 - mean_whole) as mix,
    (rate_now - rate_before) * (share_before + share_now) / 2 as rate
from side_by_side
where share_before > 0 or share_now > 0;
