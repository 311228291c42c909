{# The code of a Python model that is run by hand, with what dbt puts behind it when it builds it:
   dbt's own macro asks for `this`, which a run-operation does not have. #}
{% macro phlo_model_code(node) -%}
{{ node['raw_code'] }}

{{ build_ref_function(node) }}
{{ build_source_function(node) }}
{{ build_config_dict(node) }}

class config:
    def __init__(self, *args, **kwargs):
        pass

    @staticmethod
    def get(key, default=None):
        return config_dict.get(key, default)

    @staticmethod
    def meta_get(key, default=None):
        return meta_dict.get(key, default)


class this:
    database = {{ node['database'] | tojson }}
    schema = {{ node['schema'] | tojson }}
    identifier = {{ (node['alias'] or node['name']) | tojson }}

    def __repr__(self):
        return f"{self.database}.{self.schema}.{self.identifier}"


class dbtObj:
    def __init__(self, load_df_function):
        self.source = lambda *args: source(*args, dbt_load_df_function=load_df_function)
        self.ref = lambda *args, **kwargs: ref(
            *args, **kwargs, dbt_load_df_function=load_df_function
        )
        self.config = config
        self.this = this()
        self.is_incremental = True
{%- endmacro %}
