-- Atelier's raw files, mapped by hand as config/lifecycle.toml says in words. Variables set before: raw (the folder
-- with a folder per source), zone. Leaves `judged` (every row read, and what became of it) and `event`.

create or replace temp macro utc(instant_with_zone) as timezone('UTC', instant_with_zone);
-- "blank = null"
create or replace temp macro id(value) as nullif(trim(value::varchar), '');

create or replace temp macro known_kinds() as [
    'visit', 'signup', 'target', 'use', 'purchase', 'return', 'subscribe', 'change', 'cancel', 'deactivate', 'invoice',
    'payment', 'nps', 'csat', 'feedback', 'spend'
];
-- A source without event names to translate has our kinds in a column.
create or replace temp macro kind_in(value) as if(list_contains(known_kinds(), value), value, null);

-- `translated`: the source's event names are translated, so that a row without kind is ignored, not broken.
create or replace temp table mapped as
with app as (
    select
        'app' as source,
        true as wanted,
        true as translated,
        event_id,
        id(user_id) as customer_id,
        null::varchar as anonymous_id,
        event as name,
        case event
            when 'Account Created' then 'signup'
            when 'App Opened' then 'use'
            when 'Report Created' then 'use'
            when 'File Uploaded' then 'use'
            when 'Dashboard Shared' then 'use'
            when 'Account Deleted' then 'deactivate'
        end as kind,
        utc(occurred_at) as occurred_at,
        utc(received_at) as received_at,
        null::decimal(18, 4) as amount,
        null::varchar as currency,
        null::decimal(18, 4) as quantity,
        case event
            when 'Report Created' then 'report'
            when 'File Uploaded' then 'file'
            when 'Dashboard Shared' then 'dashboard'
        end as item,
        null::varchar as reference,
        null::decimal(18, 4) as score,
        country,
        plan,
        false as unreadable
    from read_parquet(getvariable('raw') || '/app/*.parquet')
),
web_file as (
    select *, try_cast(sent_at as timestamptz) as sent, try_cast(received_at as timestamptz) as received
    from read_json(
        getvariable('raw') || '/web/*.ndjson.gz',
        format = 'newline_delimited',
        columns = {
            message_id: 'varchar', type: 'varchar', anonymous_id: 'varchar',
            visitor: 'struct(id varchar, country varchar)', path: 'varchar', sent_at: 'varchar', received_at: 'varchar'
        }
    )
),
web as (
    select
        'web' as source,
        -- where = "path <> '/health'"; a path that is not given is not known to be another
        coalesce(path <> '/health', false) as wanted,
        true as translated,
        message_id as event_id,
        id(visitor.id) as customer_id,
        id(anonymous_id) as anonymous_id,
        type as name,
        case type when 'page' then 'visit' end as kind,
        utc(sent) as occurred_at,
        utc(received) as received_at,
        null::decimal(18, 4) as amount,
        null::varchar as currency,
        null::decimal(18, 4) as quantity,
        null::varchar as item,
        null::varchar as reference,
        null::decimal(18, 4) as score,
        visitor.country as country,
        null::varchar as plan,
        (sent_at is not null and sent is null) or (received_at is not null and received is null) as unreadable
    from web_file
),
billing_file as (
    select
        *,
        try_cast(booked_at as timestamp) as booked,
        try_cast(amount as decimal(18, 4)) as money,
        try_cast(quantity as decimal(18, 4)) as units
    from read_csv(getvariable('raw') || '/billing/*.csv', header = true, all_varchar = true)
),
billing as (
    select
        'billing' as source,
        true as wanted,
        true as translated,
        entry_id as event_id,
        id(customer) as customer_id,
        null::varchar as anonymous_id,
        type as name,
        case type
            when 'subscription_created' then 'subscribe'
            when 'plan_changed' then 'change'
            when 'subscription_cancelled' then 'cancel'
            when 'order_line' then 'purchase'
            when 'refund' then 'return'
        end as kind,
        -- timezone = "Europe/Paris": "of timestamps that carry none"
        instant_in(booked, 'Europe/Paris') as occurred_at,
        null::timestamp as received_at,
        money as amount,
        currency,
        units as quantity,
        sku as item,
        reference,
        null::decimal(18, 4) as score,
        country,
        plan,
        (booked_at is not null and booked is null)
        or (amount is not null and money is null)
        or (quantity is not null and units is null) as unreadable
    from billing_file
),
surveys_file as (
    select
        *,
        try_strptime(answered_on, '%d/%m/%Y') as answered,
        -- "11 = don't know (nps only)": an answer without a score. DuckDB trims the header "answer ".
        case when question = 'nps' and answer = '11' then null else answer end as told,
        try_cast(told as decimal(18, 4)) as points
    from read_csv(getvariable('raw') || '/surveys/*.csv', header = true, all_varchar = true)
),
surveys as (
    select
        'surveys' as source,
        true as wanted,
        false as translated,
        answer_id as event_id,
        id(customer) as customer_id,
        null::varchar as anonymous_id,
        null::varchar as name,
        kind_in(question) as kind,
        -- the day first, without time: midnight in Europe/Paris
        instant_in(answered, 'Europe/Paris') as occurred_at,
        null::timestamp as received_at,
        null::decimal(18, 4) as amount,
        null::varchar as currency,
        null::decimal(18, 4) as quantity,
        null::varchar as item,
        null::varchar as reference,
        points as score,
        country,
        plan,
        (answered_on is not null and answered is null) or (told is not null and points is null) as unreadable
    from surveys_file
),
ledger_file as (
    select *, try_cast(booked_on as date) as booked, try_cast(amount as decimal(18, 4)) as money
    from read_csv(getvariable('raw') || '/ledger/*.csv', header = true, all_varchar = true)
),
ledger as (
    select
        'ledger' as source,
        true as wanted,
        false as translated,
        entry_id as event_id,
        id(customer) as customer_id,
        null::varchar as anonymous_id,
        null::varchar as name,
        kind_in(type) as kind,
        instant_in(booked, 'Europe/Paris') as occurred_at,
        null::timestamp as received_at,
        money as amount,
        currency,
        null::decimal(18, 4) as quantity,
        null::varchar as item,
        invoice as reference,
        null::decimal(18, 4) as score,
        country,
        plan,
        (booked_on is not null and booked is null) or (amount is not null and money is null) as unreadable
    from ledger_file
),
campaigns_file as (
    select *, try_cast(sent_at as timestamptz) as sent
    from read_json(
        getvariable('raw') || '/campaigns/*.ndjson',
        format = 'newline_delimited',
        columns = {id: 'varchar', campaign: 'varchar', "user": 'varchar', sent_at: 'varchar'}
    )
),
campaigns as (
    select
        'campaigns' as source,
        true as wanted,
        false as translated,
        id as event_id,
        id("user") as customer_id,
        null::varchar as anonymous_id,
        campaign as name,
        'target' as kind,
        utc(sent) as occurred_at,
        null::timestamp as received_at,
        null::decimal(18, 4) as amount,
        null::varchar as currency,
        null::decimal(18, 4) as quantity,
        null::varchar as item,
        null::varchar as reference,
        null::decimal(18, 4) as score,
        null::varchar as country,
        null::varchar as plan,
        sent_at is not null and sent is null as unreadable
    from campaigns_file
),
spend_file as (
    select *, try_cast(day as date) as spent_on, try_cast(amount as decimal(18, 4)) as money
    from read_csv(getvariable('raw') || '/spend/*.csv', header = true, all_varchar = true)
),
spend as (
    select
        'spend' as source,
        true as wanted,
        true as translated,
        -- none: "no row is taken for a copy of another"
        null::varchar as event_id,
        null::varchar as customer_id,
        null::varchar as anonymous_id,
        'marketing' as name,
        'spend' as kind,
        instant_in(spent_on, 'Europe/Paris') as occurred_at,
        null::timestamp as received_at,
        money as amount,
        null::varchar as currency,
        null::decimal(18, 4) as quantity,
        channel as item,
        null::varchar as reference,
        null::decimal(18, 4) as score,
        country,
        null::varchar as plan,
        (day is not null and spent_on is null) or (amount is not null and money is null) as unreadable
    from spend_file
)
from app union all from web union all from billing
union all from surveys union all from ledger union all from campaigns union all from spend;

-- "Each row of a file ends in exactly one place: read = accepted + duplicate + filtered + ignored + quarantined."
create or replace temp table judged as
with sorted_out as (
    select
        *,
        row_number() over () as number,
        date_trunc('month', wall_of(occurred_at))::date as month,
        case
            when not wanted then 'filtered'
            when kind is null and translated then 'ignored'
            -- "broke one or more rules (an id, the kind or the instant missing; a value that cannot be cast; amount or
            -- quantity < 0; score outside its scale; a currency other than the report's)"; an id: "at least one, except
            -- for `spend`"
            when kind is null then 'quarantined'
            when customer_id is null and anonymous_id is null and kind <> 'spend' then 'quarantined'
            when occurred_at is null or unreadable then 'quarantined'
            when amount < 0 or quantity < 0 then 'quarantined'
            when kind = 'nps' and score not between 0 and 10 then 'quarantined'
            when kind = 'csat' and score not between 1 and 5 then 'quarantined'
            when currency <> 'EUR' then 'quarantined'
            else 'accepted'
        end as fate
    from mapped
),
-- "duplicate: same (source, event_id) in the same period, whichever file it came in; the one with the least
-- (received_at, then all columns) stays."
copy as (
    select
        number,
        row_number() over (
            partition by source, event_id, month
            order by
                received_at, customer_id, anonymous_id, list_position(known_kinds(), kind),
                name, occurred_at, amount, currency, quantity, item, reference, score, country, plan
        ) as copy
    from sorted_out
    where fate = 'accepted' and event_id is not null
)
select sorted_out.* replace (case when copy > 1 then 'duplicate' else fate end as fate)
from sorted_out
left join copy using (number);

create or replace temp table event as
select
    number,
    customer_id,
    anonymous_id,
    kind,
    occurred_at,
    wall_of(occurred_at)::date as day,
    month,
    coalesce(amount, 0) as amount,
    amount is not null as amount_given,
    coalesce(quantity, 1) as quantity,
    item,
    reference,
    score,
    country,
    plan
from judged
where fate = 'accepted';

create or replace temp table accounting as
select
    source,
    count(*) as read,
    count(*) filter (fate = 'accepted') as accepted,
    count(*) filter (fate = 'duplicate') as duplicate,
    count(*) filter (fate = 'filtered') as filtered,
    count(*) filter (fate = 'ignored') as ignored,
    count(*) filter (fate = 'quarantined') as quarantined
from judged
group by source;
