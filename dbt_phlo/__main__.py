"""``python -m dbt_phlo``: the command ``dbt-phlo`` of this Python."""

from dbt_phlo.cli import main

if __name__ == "__main__":
    main(prog_name="dbt-phlo")
