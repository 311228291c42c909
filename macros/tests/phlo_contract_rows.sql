{# The adapter checks the contract while the test is compiled, just before it runs, and answers with
   a query of the rows that break it. *Rows* are what the test looks at, as an item of FROM. #}
{% macro phlo_contract_rows(rows, schema) -%}
  {%- if execute -%}
    {%- do return(adapter.phlo_contract_rows(model, rows | string, schema)) -%}
  {%- endif -%}
  {%- do return('select 1 as problem where false') -%}
{%- endmacro %}
