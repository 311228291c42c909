"""What a table must be: the ``Contract``, what it is built from, and what is made of it.

``manifest_source``, ``yaml_source``, ``pandera_source`` and ``arrow_source`` each read one kind of
declaration; ``iceberg``, ``arrow``, ``pandera``, ``postgres``, ``dlt`` and ``sql`` each render one
thing. A renderer knows the contract and nothing of the others.
"""

from dbt_phlo.contracts.contract import Column, Constraint, Contract, Origin
from dbt_phlo.contracts.dbt_model import dbt_model_to_pandera

__all__ = ["Column", "Constraint", "Contract", "Origin", "dbt_model_to_pandera"]
