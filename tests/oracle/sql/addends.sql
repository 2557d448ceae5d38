-- Every KPI is first written down per customer: what the customer adds to the numerator and to the denominator, at the
-- edge whose segment value counts: e, or s "for figures over a base at start". Filled by one script per family.
create or replace temp table addend (
    kpi varchar, period varchar, t timestamp, customer_id varchar, numerator decimal(38, 4), denominator decimal(38, 4)
);
