-- Recurring revenue, "always from subscription events whatever churn.basis is": what each customer adds.
insert into addend
with
-- "50 -> 0 is churn, 0 -> 50 of a known customer is reactivation, never contraction or expansion"
bridge as (
    select
        period, s, e, customer_id, start_mrr, end_mrr,
        if(start_mrr = 0 and not once, end_mrr, 0) as gained,
        if(start_mrr = 0 and once, end_mrr, 0) as regained,
        if(start_mrr > 0 and end_mrr > 0, greatest(end_mrr - start_mrr, 0), 0) as expanded,
        if(start_mrr > 0 and end_mrr > 0, greatest(start_mrr - end_mrr, 0), 0) as contracted,
        if(start_mrr > 0 and end_mrr = 0, start_mrr, 0) as churned
    from subscriber
)
select 'mrr_at_start', period, s, customer_id, start_mrr, null from bridge where start_mrr > 0
union all select 'mrr', period, e, customer_id, end_mrr, null from bridge where end_mrr > 0
union all select 'mrr_new', period, e, customer_id, gained, null from bridge where gained > 0
union all select 'mrr_reactivation', period, s, customer_id, regained, null from bridge where regained > 0
union all select 'mrr_expansion', period, s, customer_id, expanded, null from bridge where expanded > 0
union all select 'mrr_contraction', period, s, customer_id, contracted, null from bridge where contracted > 0
union all select 'mrr_churn', period, s, customer_id, churned, null from bridge where churned > 0
-- "(mrr_at_start - contraction - churn) ÷ mrr_at_start"
union all
select 'gross_revenue_retention', period, s, customer_id, start_mrr - contracted - churned, start_mrr
from bridge
where start_mrr > 0
-- "(that + expansion) ÷ mrr_at_start"
union all
select 'net_revenue_retention', period, s, customer_id, start_mrr - contracted - churned + expanded, start_mrr
from bridge
where start_mrr > 0
-- "(new + reactivation + expansion) ÷ (contraction + churn)"; by level, each part where it is published: new at e
union all
select 'quick_ratio', period, e, customer_id, gained, 0
from bridge
where gained > 0
union all
select 'quick_ratio', period, s, customer_id, regained + expanded, contracted + churned
from bridge
where gained = 0 and start_mrr <> end_mrr
-- "subscription basis: mrr_churn + mrr_contraction; ÷ mrr at s"
union all
select 'revenue_churn_amount', period, s, customer_id, contracted + churned, null
from bridge
where contracted + churned > 0 and getvariable('churn_basis') = 'subscription'
union all
select 'revenue_churn_rate', period, s, customer_id, contracted + churned, start_mrr
from bridge
where start_mrr > 0 and getvariable('churn_basis') = 'subscription';
