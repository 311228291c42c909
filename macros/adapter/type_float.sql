{# A float of 8 bytes, as on the other databases that dbt knows: DuckDB's FLOAT has 4. #}
{% macro phlo_duckdb__type_float() -%}
  double
{%- endmacro %}
