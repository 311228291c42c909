{{ config(materialized='view', enabled=var('phlo_history_models', false)) }}

select
    run_id,
    invocation_id,
    project,
    branch,
    name,
    node,
    finished_at,
    position,
    failing_row
from {{ phlo_history('check_failures') }} as check_failures
