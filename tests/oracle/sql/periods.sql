-- Periods, the instants where they meet, and what had been heard of by then. Needs `event`.

-- "P = [s, e): the period, in the business time zone; half-open." Periods of the variable grain; `earlier_day` is the
-- first day of "the previous period of the grain".
create or replace temp table period as
select
    period_name(first_day) as period,
    first_day as s_day,
    (first_day + grain_length())::date as e_day,
    (first_day - grain_length())::date as earlier_day,
    e_day - s_day as days,
    instant_of(s_day) as s,
    instant_of(e_day) as e,
    -- "among customers whose window closed in P (sign-up in [s - within, e - within))"
    instant_of(s_day - getvariable('within_days')::int) as closing_since,
    instant_of(e_day - getvariable('within_days')::int) as closing_until
from (
    select unnest(
        generate_series(getvariable('first_day')::date, getvariable('end_day')::date - 1, grain_length())
    )::date as first_day
);

-- Where periods meet. "alive at t: last activity in [t - activity.inactive_after, t); default one calendar month."
create or replace temp table edge as
select
    t_day,
    instant_of(t_day) as t,
    instant_of(t_day - getvariable('inactive_months')::int * interval 1 month) as alive_since
from (select s_day as t_day from period union select e_day from period);

-- "A figure is published from the first period before whose end an event of the kind it needs has occurred."
create or replace temp table seen as
select period, coalesce(list(kind) filter (kind is not null), []::varchar[]) as kinds
from period
left join (select kind, min(occurred_at) as first_at from event group by kind) on first_at < e
group by period;
