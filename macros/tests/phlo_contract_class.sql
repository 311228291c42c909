{# The class that `pandera_contract` names with its argument `schema`; none for the model's own.

   dbt (1.10 to 1.12: `TestBuilder.CONFIG_ARGS`) takes an argument of that name for the config
   `schema`, which says where failing rows are stored, and which a whole project may set. #}
{% macro phlo_contract_class(schema) -%}
  {%- set given = schema if schema is not none else config.get('schema') -%}
  {%- set is_own = schema is not none or 'schema=' in model.get('raw_code', '') -%}
  {%- if not execute or not is_own or given is none -%}
    {%- do return(none) -%}
  {%- elif modules.re.search('[.:]', given | string) -%}
    {%- if should_store_failures() -%}
      {%- do phlo_refuse_test(
        'dbt takes schema `' ~ given ~ '` for the schema where store_failures stores rows',
        'name the class in meta.phlo.schema of the model'
      ) -%}
    {%- endif -%}
    {%- do return(given) -%}
  {%- elif not should_store_failures() -%}
    {%- do phlo_refuse_test(
      'schema is `' ~ given ~ '`', 'write package.module:Class, or leave it out for the YAML'
    ) -%}
  {%- endif -%}
{%- endmacro %}
