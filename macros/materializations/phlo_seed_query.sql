{# The seed's file, read with the types that dbt inferred or the seed's config declares. What is NULL
   is so by dbt's rule for seeds; `--empty` leaves no row in dbt's table of it. #}
{% macro phlo_seed_query(agate_table) -%}
  {%- set declared = model['config'].get('column_types', {}) -%}
  {%- set path = adapter.get_seed_file_path(model) | replace("'", "''") -%}
  {%- set delimiter = config.get('delimiter', ',') | replace("'", "''") -%}
  select {{ '*' if agate_table.column_names else '1' }} from read_csv(
    '{{ path }}', header=true, auto_detect=false, quote='"', escape='"', delim='{{ delimiter }}',
    nullstr=['', 'null', 'NULL', 'Null'],
    columns={
    {%- for name in agate_table.column_names -%}
      '{{ name | replace("'", "''") }}': '{{ declared.get(name, adapter.convert_type(agate_table, loop.index0)) }}'{{ ', ' if not loop.last }}
    {%- endfor -%}
    })
  {% if not agate_table.rows %}where false{% endif %}
{%- endmacro %}
