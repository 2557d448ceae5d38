"""Pure, LazyFrame → LazyFrame: activity, customers, and the tables KPIs are measured on."""
