{# The rows that a generic test looks at: dbt's `where`, and the partition that this invocation is
   about. #}
{% macro phlo_where_subquery(relation) -%}
  {%- set partition = adapter.phlo_check_partition(model, relation) -%}
  {%- if not partition -%}
    {%- do return(default__get_where_subquery(relation)) -%}
  {%- endif -%}
  {%- set where = config.get('where', '') -%}
  {%- set filtered -%}
    (select * from {{ relation }} where {% if where %}({{ where }}) and {% endif %}{{ partition }}) dbt_subquery
  {%- endset -%}
  {%- do return(filtered) -%}
{%- endmacro %}
