"""A second opinion on every figure: DuckDB SQL straight over raw files, written from the definitions alone.

Here: the SQL (`sql/`), the two raw data sets it is written for (`demo`, `retail`), a made-up stand-in for the second
(`retail_like`) and the comparison of two tables of figures (`compare`). Not here: anything imported from `tasks`,
`schemas`, `config` or `flows`; an oracle that shares code with what it checks would share its mistakes.
"""
