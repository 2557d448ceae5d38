-- UCI Online Retail, mapped as the `orders` source of DESIGN §3. Variables set before: path, source_zone.
create or replace temp table event as
with kept as (
    -- where = "CustomerID IS NOT NULL"
    select * from read_parquet(getvariable('path')) where CustomerID is not null
),
mapped as (
    select
        CustomerID::varchar as customer_id,
        case when InvoiceNo like 'C%' then 'return' else 'purchase' end as kind,
        instant_in(InvoiceDate, getvariable('source_zone')) as occurred_at,
        InvoiceNo as reference,
        StockCode as item,
        abs(Quantity)::decimal(18, 4) as quantity,
        round(abs(Quantity * UnitPrice), 4)::decimal(18, 4) as amount,
        Country as country
    from kept
)
select
    row_number() over () as number,
    customer_id,
    null::varchar as anonymous_id,
    kind,
    occurred_at,
    wall_of(occurred_at)::date as day,
    date_trunc('month', wall_of(occurred_at))::date as month,
    coalesce(amount, 0) as amount,
    amount is not null as amount_given,
    coalesce(quantity, 1) as quantity,
    item,
    reference,
    null::decimal(18, 4) as score,
    country,
    null::varchar as plan
from mapped;
