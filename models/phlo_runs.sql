{{ config(materialized='view', enabled=var('phlo_history_models', false)) }}

with decided as (
    select
        *,
        row_number() over (partition by run_id order by decided_at desc) as newest_first,
        count(*) over (partition by run_id) as commands
    from {{ phlo_history('runs') }} as runs
)

select
    run_id,
    project,
    branch,
    ref,
    command,
    commands,
    state,
    reason,
    began_at,
    decided_at,
    date_diff('second', began_at, decided_at) as seconds,
    written,
    unchecked,
    stale_reads
from decided
where newest_first = 1
