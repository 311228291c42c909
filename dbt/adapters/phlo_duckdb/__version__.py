from dbt_phlo import __version__ as version  # noqa: F401 - dbt reads `version` here
