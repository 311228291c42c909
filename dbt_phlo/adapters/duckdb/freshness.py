"""How new tables are, from their snapshots: for ``dbt source freshness`` and ``phlo_freshness``."""

from datetime import datetime, timezone
from typing import Any

from dbt.adapters.base.meta import AdapterMeta, available

from dbt_phlo.adapters.problems import as_dbt_errors
from dbt_phlo.errors import NotFound
from dbt_phlo.tables.changed import changed_at


class FreshnessMixin(metaclass=AdapterMeta):
    """Comes before the adapter, whose environment it uses."""

    phlo_is_lake: Any
    _phlo_declarations: Any
    _environment: Any
    _create_freshness_response: Any

    def calculate_freshness_from_metadata_batch(
        self, sources: list[Any], macro_resolver: Any = None
    ) -> tuple[list[Any], dict[Any, Any]]:
        """dbt asks this of sources that name no ``loaded_at_field``; no row is read."""
        ours = [source for source in sources if self.phlo_is_lake(source)]
        others = [source for source in sources if not self.phlo_is_lake(source)]
        answers: list[Any] = []
        found: dict[Any, Any] = {}
        if others:
            answers, found = super().calculate_freshness_from_metadata_batch(  # type: ignore[misc]
                others, macro_resolver
            )
        now = datetime.now(timezone.utc)
        with as_dbt_errors():
            for source in ours:
                changed = self._phlo_changed(source.schema, source.identifier)
                found[source] = self._create_freshness_response(changed, now)
        return answers, found

    @available.parse(lambda *a, **k: "")
    def phlo_changed(self, test: Any) -> str:
        """When the table that a test is about changed last, in UTC; empty for never."""
        with as_dbt_errors():
            declarations = self._phlo_declarations()
            tested = declarations.tested(declarations.node(test["unique_id"]))
            name = getattr(tested, "alias", None) or tested.identifier
            changed = self._phlo_changed(tested.schema, name)
        return changed.strftime("%Y-%m-%d %H:%M:%S.%f+00") if changed else ""

    def _phlo_changed(self, schema: str, name: str) -> datetime | None:
        environment = self._environment
        exact = environment.exact_schema(schema.strip('"'))
        if environment.views.get(exact, name) is not None:
            raise NotFound(
                f"{exact}.{name} is a view, which has no rows of its own that could be new",
                remedy="name a column of it: loaded_at_field of a source, column_name of a test",
                code="PHLO343",
            )
        return changed_at(environment.tables.metadata(exact, name))
