{# A lake folder has no users: a grant that would do nothing is refused, not ignored. #}
{% macro phlo_duckdb__apply_grants(relation, grant_config, should_revoke=true) -%}
  {%- if grant_config -%}
    {%- do adapter.phlo_refuse_grants(relation) -%}
  {%- endif -%}
{%- endmacro %}
