"""``Conform``: every page of a source as exactly the columns of a contract."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NoReturn

from dbt_phlo.contracts import arrow as arrow_schema
from dbt_phlo.contracts.contract import Column, Contract
from dbt_phlo.errors import DataRefused
from dbt_phlo.extras import optional
from dbt_phlo.loads.conforming.added import inferred
from dbt_phlo.loads.conforming.columns import converted
from dbt_phlo.loads.conforming.field_names import matched, snake_case
from dbt_phlo.loads.conforming.misfit import NOT_SENT, Misfit
from dbt_phlo.loads.conforming.nested import Target
from dbt_phlo.loads.conforming.pages import Page, pages
from dbt_phlo.loads.conforming.rejected import Reason, Rejected, value_text
from dbt_phlo.loads.conforming.unknown import Unknown, first_kind, told
from dbt_phlo.tables.schema import Type


class Conform:
    """Pages of one load, one after the other.

    ``rows`` are seen so far, ``rejected`` did not fit. ``unknown`` has the fields that are no
    columns, nested ones with their path; ``added`` the columns that were made of them; ``missing``
    the contract's columns that no page has had. ``contract`` grows by the added columns.
    """

    def __init__(
        self,
        contract: Contract,
        *,
        on_unknown: Literal["fail", "ignore", "add"] = "fail",
        on_bad_rows: Literal["fail", "quarantine"] = "fail",
        reject: Callable[[Rejected], None],
    ) -> None:
        self.contract = contract
        self._on_unknown, self._on_bad_rows, self._reject = on_unknown, on_bad_rows, reject
        self.rows = 0
        self.rejected = 0
        self.unknown: dict[str, Unknown] = {}
        self.added: list[Column] = []
        self._added_from: dict[str, str] = {}
        self._had: set[str] = set()
        self._looked_at: Any = None
        self._prepare()

    @property
    def missing(self) -> tuple[str, ...]:
        """The columns of the contract that no page has had, in its order."""
        return tuple(name for name in self._names if name not in self._had)

    def page(self, item: Any) -> Any:
        """What one item holds, as one ``pyarrow.Table``; None where it holds no rows.

        Raises ``DataRefused``: a row that does not fit (PHLO610), an unknown field (PHLO611), two
        fields of one column (PHLO612), a field without a name (PHLO614), and what ``pages`` raises.
        """
        tables = list(self.pages(item))
        if len(tables) < 2:
            return tables[0] if tables else None
        arrow = optional("pyarrow", extra="ingest")
        return arrow.concat_tables(tables, promote_options="default")

    def pages(self, item: Any) -> Iterator[Any]:
        """The same batch by batch, for what holds more than memory does."""
        for page in pages(item):
            table = self._conformed(page)
            self.rows += page.rows
            yield table

    def of(self, path: str, names: Sequence[str], struct: Type) -> dict[int, str]:
        """The fields of a nested object (``nested.Fields``)."""
        columns = tuple(field["name"] for field in struct["fields"])  # type: ignore[index]
        found = matched(tuple(names), columns)
        if found.clash:
            self._clash(*found.clash, f"{path} has")
        for name in found.unknown:
            whole = f"{path}.{name}"
            if whole in self.unknown:
                continue
            row, kind = first_kind(self._looked_at, name)
            seen = Unknown(kind, self.rows + row + 1)
            if self._on_unknown != "ignore":
                self._refuse_unknown({whole: seen}, columns)
            self.unknown[whole] = seen
        return found.fields

    def _prepare(self) -> None:
        schema = arrow_schema.schema(self.contract)
        self._names = tuple(column.name for column in self.contract.columns)
        self._targets = [
            Target(column.name, column.type, field.type, not field.nullable)
            for column, field in zip(self.contract.columns, schema, strict=True)
        ]
        self._schema = schema

    def _conformed(self, page: Page) -> Any:
        fields = self._fields(page)
        arrays: list[Any] = []
        misfits: dict[int, list[tuple[int, Misfit]]] = {}
        for place, target in enumerate(self._targets):
            array, found = self._column(page, fields.get(place), target)
            arrays.append(array)
            for row, misfit in found.items():
                misfits.setdefault(row, []).append((place, misfit))
        arrow = optional("pyarrow", extra="ingest")
        if not misfits:
            return arrow.Table.from_arrays(arrays, schema=self._schema)
        self._put_aside(page, misfits)
        open_schema = arrow.schema([field.with_nullable(True) for field in self._schema])
        table = arrow.Table.from_arrays(arrays, schema=open_schema)
        kept = table.filter(arrow.array([row not in misfits for row in range(page.rows)]))
        return arrow.Table.from_arrays(kept.columns, schema=self._schema)

    def _column(
        self, page: Page, place: int | None, target: Target
    ) -> tuple[Any, dict[int, Misfit]]:
        arrow = optional("pyarrow", extra="ingest")
        if place is None:
            absent = Misfit(NOT_SENT)
            misfits = dict.fromkeys(range(page.rows), absent) if target.required else {}
            return arrow.nulls(page.rows, target.arrow), misfits
        self._looked_at = page.values(place)
        return converted(self._looked_at, target, self)

    def _fields(self, page: Page) -> dict[int, int]:
        """The place of each column's field in the page."""
        for name in page.names:
            if not isinstance(name, str) or not name.strip():
                raise DataRefused(
                    f"{self.contract.name}: row {self.rows + 1:,} and on have a field that is "
                    f"called {value_text(name)}",
                    remedy="a field's name is text that is not empty: rename it in the source",
                    code="PHLO614",
                )
        found = matched(page.names, self._names)
        if found.clash:
            self._clash(*found.clash, f"the page from row {self.rows + 1:,} on has")
        if found.unknown:
            self._meet(page, found.unknown)
            found = matched(page.names, self._names)  # some may be columns now
        self._had.update(self._names[place] for place in found.fields)
        places = {name: place for place, name in enumerate(page.names)}
        return {column: places[name] for column, name in found.fields.items()}

    def _meet(self, page: Page, names: Sequence[str]) -> None:
        """Fields that are no columns: refuse, pass over or add them."""
        places = {name: place for place, name in enumerate(page.names)}
        new = {}
        for name in names:
            if name not in self.unknown or self.unknown[name].kind == "null":
                row, kind = first_kind(page.values(places[name]))
                new[name] = Unknown(kind, self.rows + row + 1)
        if self._on_unknown == "fail":
            self._refuse_unknown(new, self._names)
        if self._on_unknown == "add":
            for name in names:
                self._add(name, page.values(places[name]))
        self.unknown.update(new)

    def _add(self, name: str, values: Any) -> None:
        of = inferred(name, values)
        if of is None:
            return
        column = Column(snake_case(name), of)
        if column.name in self._added_from:
            self._clash(
                self._added_from[column.name], name, f"the page from row {self.rows + 1:,} on has"
            )
        self._added_from[column.name] = name
        self.added.append(column)
        self.contract = replace(self.contract, columns=(*self.contract.columns, column))
        self._prepare()

    def _refuse_unknown(self, new: Mapping[str, Unknown], columns: Sequence[str]) -> NoReturn:
        is_nested = self._on_unknown == "add"
        raise DataRefused(
            f"{self.contract.name}: the source sends {told(new, columns)}, which the model does "
            "not declare",
            remedy="declare it in the model's YAML, or set on_unknown_columns: ignore"
            + (" (a field within a column is not added)" if is_nested else " or add"),
            code="PHLO611",
        )

    def _clash(self, first: str, second: str, where: str) -> NoReturn:
        raise DataRefused(
            f"{self.contract.name}: {where} the fields {first} and {second}, which are the same "
            "column",
            remedy="rename or leave out one of them in the source",
            code="PHLO612",
        )

    def _put_aside(self, page: Page, misfits: Mapping[int, list[tuple[int, Misfit]]]) -> None:
        if self._on_bad_rows == "fail":
            row = min(misfits)
            raise self._refused(row, *misfits[row][0], len(misfits), page.rows)
        for row in sorted(misfits):
            reasons = tuple(self._reason(place, misfit) for place, misfit in misfits[row])
            self.rejected += 1
            self._reject(Rejected(page.row(row), reasons, self.rows + row + 1))

    def _reason(self, place: int, misfit: Misfit) -> Reason:
        column = self.contract.columns[place]
        shown = value_text(misfit.value, column.pii)
        return Reason(f"{column.name}{misfit.path}", shown, misfit.text)

    def _refused(self, row: int, place: int, misfit: Misfit, bad: int, rows: int) -> DataRefused:
        column, reason = self.contract.columns[place], self._reason(place, misfit)
        of = column.written or (column.type if isinstance(column.type, str) else "")
        called = reason.column + (f" ({of})" if of and not misfit.path else "")
        count = f"{bad:,} of the page's {rows:,} rows {'does' if bad == 1 else 'do'} not fit"
        return DataRefused(
            f"{self.contract.name}: row {self.rows + row + 1:,}, column {called}: "
            f"{reason.value_text} {reason.text} ({count})",
            remedy="mend the source or the column's type, or set on_bad_rows: quarantine to put "
            "such rows aside",
            code="PHLO610",
        )
