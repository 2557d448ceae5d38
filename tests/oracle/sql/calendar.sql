-- Time. Inside, an instant is a TIMESTAMP in UTC and a wall time a TIMESTAMP on the clock of a zone.
-- Variables set before: zone (business time zone), first_day, end_day (DATE), within_days, lookback_days,
-- inactive_months, activity_kinds.

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
