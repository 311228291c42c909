{# The table keeps its whole contract: that of the YAML, or of the class `schema`. #}
{% test pandera_contract(model, schema=none, allow_threshold=none) %}
  {%- do phlo_test_arguments(['schema'], kwargs, allow_threshold) -%}
  {{ return(phlo_contract_rows(model, phlo_contract_class(schema))) }}
{% endtest %}
