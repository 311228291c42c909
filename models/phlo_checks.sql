{{ config(materialized='view', enabled=var('phlo_history_models', false)) }}

select
    run_id,
    invocation_id,
    project,
    branch,
    ref,
    name,
    node,
    test,
    model,
    {{ adapter.quote('column') }} as column_name,
    partition_key,
    status,
    severity,
    failed_count,
    total_count,
    case when total_count > 0 then cast(failed_count as double) / total_count end as failed_share,
    allow_threshold,
    started_at,
    finished_at,
    message,
    query_or_sql,
    repro_sql
from {{ phlo_history('checks') }} as checks
