-- Time. Inside, an instant is a TIMESTAMP in UTC and a wall time a TIMESTAMP on the clock of a zone.
-- Variables set before: zone (business time zone), grain; for `periods` also first_day, end_day (DATE), and the settings
-- that kernel.py has defaults for.

-- "Day: a calendar day of that zone."
create or replace temp macro wall_in(instant_utc, zone_name) as timezone(zone_name, timezone('UTC', instant_utc));

-- "Calendar arithmetic, DST-safe": a wall time that a clock change skips becomes the instant an hour later (ICU does
-- that), one that occurs twice the first of the two (ICU takes the second).
create or replace temp macro late_instant(wall, zone_name) as timezone('UTC', timezone(zone_name, wall::timestamp));
create or replace temp macro instant_in(wall, zone_name) as
    case
        when wall_in(late_instant(wall, zone_name) - interval 1 hour, zone_name) = wall
        then late_instant(wall, zone_name) - interval 1 hour
        else late_instant(wall, zone_name)
    end;
create or replace temp macro instant_of(wall) as instant_in(wall::timestamp, getvariable('zone'));
create or replace temp macro wall_of(instant_utc) as wall_in(instant_utc, getvariable('zone'));

-- Periods of a grain (variable grain: month, quarter or year), named 2025-01, 2025-Q1, 2025. `first` is a first day.
create or replace temp macro grain_length() as
    case getvariable('grain') when 'month' then 1 when 'quarter' then 3 when 'year' then 12 end * interval 1 month;
create or replace temp macro period_of(day) as date_trunc(getvariable('grain'), day)::date;
create or replace temp macro period_name(first) as
    case getvariable('grain')
        when 'month' then strftime(first, '%Y-%m')
        when 'quarter' then concat(year(first), '-Q', quarter(first))
        when 'year' then year(first)::varchar
    end;
