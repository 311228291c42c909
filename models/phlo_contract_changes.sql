{{ config(materialized='view', enabled=var('phlo_history_models', false)) }}

with told as (
    select *, max(decided_at) over (partition by run_id) as last_decided_at
    from {{ phlo_history('contract_changes') }} as contract_changes
)

select
    run_id,
    invocation_id,
    project,
    branch,
    {{ adapter.quote('table') }} as table_name,
    {{ adapter.quote('column') }} as column_name,
    change,
    compatible,
    before,
    after,
    promoted,
    decided_at
from told
where decided_at = last_decided_at
