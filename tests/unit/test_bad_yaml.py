"""Whatever stands in a YAML file: a contract that is whole, or an error that says where and why."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from dbt_phlo.contracts import dbt_model_to_pandera
from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.drift import differences, found_columns
from dbt_phlo.contracts.rules import Other
from dbt_phlo.contracts.yaml_source import contract_from_yaml
from dbt_phlo.errors import PhloError
from dbt_phlo.yaml_lines import line_of

HEAD = "models:\n  - name: t\n    columns:\n      - {name: ok, data_type: int}\n"
A = "      - {name: a, data_type: int"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "schema.yml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def contract(folder: Path, content: str | bytes, name: str = "t") -> Contract:
    return contract_from_yaml(written(folder, content), name)


def refused(folder: Path, content: str | bytes, name: str = "t") -> PhloError:
    """The error, which is the same for the class: nothing is made of a part of a file."""
    path = written(folder, content)
    with pytest.raises(PhloError) as caught:
        contract_from_yaml(path, name)
    with pytest.raises(PhloError) as of_class:
        dbt_model_to_pandera(path, name)
    assert str(of_class.value) == str(caught.value)
    assert caught.value.remedy or caught.value.code == "PHLO108"
    return caught.value


COLUMNS = {
    "no data_type": ("      - {name: a}", "PHLO901", "t.a has no data_type"),
    "empty data_type": ("      - {name: a, data_type: }", "PHLO901", "t.a has no data_type"),
    "unknown type": ("      - {name: a, data_type: intger}", "PHLO511",
                     "t.a: 'intger' is no data_type that this target knows. Did you mean "
                     "`integer`?"),
    "interval": ("      - {name: a, data_type: interval}", "PHLO512", "t.a: data_type interval"),
    "bare numeric": ("      - {name: a, data_type: numeric}", "PHLO513", "t.a: data_type numeric"),
    "type cut by YAML": ("      - {name: a, data_type: decimal(10,2)}", "PHLO511", "quotes"),
    "open struct": ('      - {name: a, data_type: "struct(b int"}', "PHLO511", "'struct(b int'"),
    "shut twice": ('      - {name: a, data_type: "int[])"}', "PHLO511", "'int[])'"),
    "struct without types": ('      - {name: a, data_type: "struct(b)"}', "PHLO511",
                             "struct(b) has a field without"),
    "type with more": ('      - {name: a, data_type: "int not null"}', "PHLO511",
                       "'int not null'"),
    "field twice": ('      - {name: a, data_type: "struct(b int, B int)"}', "PHLO511",
                    "the field B twice"),
    "type as a list": ("      - {name: a, data_type: [int]}", "PHLO144", "t.a: data_type is ["),
    "same column": ("      - {name: ok, data_type: int}", "PHLO902", "t.ok is declared twice"),
    "no name": ("      - {data_type: int}", "PHLO144", "t: an entry of columns has no name"),
    "null name": ("      - {name: , data_type: int}", "PHLO144", "columns has no name"),
    "a number as name": ("      - {name: 1, data_type: int}", "PHLO144", "has the name 1, which"),
    "a truth as name": ("      - {name: on, data_type: int}", "PHLO144", "has the name True"),
    "a day as name": ("      - {name: 2024-01-01, data_type: int}", "PHLO144", "datetime.date"),
    "a zero in a name": ('      - {name: "a\\0", data_type: int}', "PHLO144", "has the name"),
    "a text for a column": ("      - a", "PHLO144", "t: columns must be a list of mappings"),
    "unknown meta": (f"{A}, config: {{meta: {{phlo: {{ownr: me}}}}}}}}", "PHLO108",
                     "t.a: meta.phlo has no key 'ownr'. Did you mean `owner`?"),
    "meta of old": (f"{A}, meta: {{phlo: {{pi: true}}}}}}", "PHLO108", "Did you mean `pii`?"),
    "pii is a text": (f"{A}, config: {{meta: {{phlo: {{pii: 'false'}}}}}}}}", "PHLO108",
                      "t.a: meta.phlo.pii is 'false'"),
    "meta is a list": (f"{A}, config: {{meta: [phlo]}}}}", "PHLO144", "t.a: meta must be a map"),
    "config is a text": (f"{A}, config: x}}", "PHLO144", "t.a: config must be a mapping"),
    "phlo is a list": (f"{A}, config: {{meta: {{phlo: [pii]}}}}}}", "PHLO108", "must be a mapping"),
    "description is a list": (f"{A}, description: [a]}}", "PHLO144", "description must be text"),
    "tests are a mapping": (f"{A}, data_tests: {{unique: }}}}", "PHLO144",
                            "t.a: data_tests must be a list"),
    "a number as test": (f"{A}, data_tests: [5]}}", "PHLO144", "a test of data_tests must be"),
    "two tests in one": (f"{A}, tests: [{{unique: , not_null: }}]}}", "PHLO144", "one name with"),
    "arguments are a list": (f"{A}, data_tests: [{{unique: {{arguments: [1]}}}}]}}", "PHLO144",
                             "t.a: arguments of unique must be a mapping"),
    "a test's config is a text": (f"{A}, data_tests: [{{unique: {{config: warn}}}}]}}", "PHLO144",
                                  "t.a: config of unique must be a mapping"),
    "severity": (f"{A}, data_tests: [{{unique: {{severity: wran}}}}]}}", "PHLO144",
                 "severity of unique is 'wran'. Did you mean `warn`?"),
    "unknown argument": (f"{A}, data_tests: [{{accepted_values: {{vales: [1]}}}}]}}", "PHLO909",
                         "t.a: accepted_values has no argument 'vales'. Did you mean `values`?"),
    "misspelt arguments": (f"{A}, data_tests: [{{unique: {{argments: {{}}}}}}]}}", "PHLO909",
                           "Did you mean `arguments`?"),
    "of our own tests": (f"{A}, data_tests: [{{phlo_range: {{least: 1}}}}]}}", "PHLO909",
                         "phlo_range has no argument 'least'"),
    "unknown constraint": (f"{A}, constraints: [{{type: not_nul}}]}}", "PHLO908",
                           "t.a: there is no constraint 'not_nul'. Did you mean `not_null`?"),
    "constraint as a text": (f"{A}, constraints: [not_null]}}", "PHLO144", "t.a: constraints must"),
    "no value is left": (f"{A}, data_tests: [{{phlo_range: {{min_value: 2, max_value: 1}}}}]}}",
                         "PHLO905", "t.a: no value is both at least 2 and at most 1"),
    "no accepted value": (f"{A}, data_tests: [{{accepted_values: {{values: [1]}}}}, "
                          "{phlo_range: {min_value: 2}}]}", "PHLO905", "none of its accepted"),
    "jinja as type": (f"{A[:-3]}'{{{{ x }}}}'}}", "PHLO145", "t.a: data_type is Jinja"),
    "jinja as name": ("      - {name: '{{ x }}', data_type: int}", "PHLO145", "name is Jinja"),
    "jinja as switch": (f"{A}, data_tests: [{{unique: {{enabled: \"{{{{ x }}}}\"}}}}]}}",
                        "PHLO145", "t.a: enabled is Jinja"),
    "a tag of Python's": (f"{A}, description: !!python/name:os.system }}", "PHLO142", "python"),
    "a call of Python's": (f"{A}, meta: !!python/object/apply:os.system ['exit 9']}}", "PHLO142",
                           "is not evaluated"),
    "no such day": (f"{A}, meta: {{day: 2024-02-30}}}}", "PHLO142", "'2024-02-30' is no value"),
    "too long a number": (f"{A}, meta: {{n: {'9' * 5000}}}}}", "PHLO142", "is no value"),
    "merged with a text": (f"{A}, <<: text}}", "PHLO141", "expected a mapping"),
    "a key that is a list": (f"{A}, [a]: b}}", "PHLO141", "unhashable key"),
    "a template": ("{% for x in y %}", "PHLO141", "no YAML"),
    "a tab": ("\t- {name: a, data_type: int}", "PHLO141", "a tab"),
    "a control character": ("      - {name: a\x07, data_type: int}", "PHLO141", "U+0007"),
    "an alias of nothing": ("      - *nothing", "PHLO141", "undefined alias"),
}  # fmt: skip
"""The fifth line of a file, the code, and words of the message."""


@pytest.mark.parametrize("mistake", COLUMNS)
def test_a_mistake_in_a_column_is_told_with_file_line_and_column(
    tmp_path: Path, mistake: str
) -> None:
    line, code, words = COLUMNS[mistake]
    error = refused(tmp_path, f"{HEAD}{line}\n")
    assert error.code == code
    assert words in str(error)
    told = 4 if mistake == "same column" else 5
    assert error.message.startswith(f"{tmp_path}/schema.yml:{told}: ")


MODELS = {
    "meta": ("config: {meta: {phlo: {onwer: me}}}", "PHLO108", "t: meta.phlo has no key 'onwer'"),
    "does nothing yet": ("config: {meta: {phlo: {cron: '@daily'}}}", "PHLO118", "t: meta.phlo.cr"),
    "constraint": ("constraints: [{type: unique, columns: [idd]}]", "PHLO903",
                   "names idd, which is no column of it. Did you mean `id`?"),
    "columns as a text": ("constraints: [{type: unique, columns: id}]", "PHLO144", "must be a li"),
    "key": ("config: {unique_key: [id, di]}", "PHLO903", "t: unique_key names di"),
    "key of numbers": ("config: {unique_key: 5}", "PHLO144", "unique_key must be a name"),
    "key of jinja": ('config: {unique_key: "{{ k }}"}', "PHLO145", "t: unique_key is Jinja"),
    "test": ("data_tests: [{phlo_unique_combination: {combination_of_columns: [id, b]}}]",
             "PHLO903", "phlo_unique_combination names b"),
    "share": ("data_tests: [{phlo_unique_combination: {combination_of_columns: [id], "
              "allow_threshold: some}}]", "PHLO906", "allow_threshold"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MODELS)
def test_a_mistake_of_the_model_is_told_with_file_and_line(tmp_path: Path, mistake: str) -> None:
    line, code, words = MODELS[mistake]
    text = f"models:\n  - name: t\n    {line}\n    columns: [{{name: id, data_type: int}}]\n"
    error = refused(tmp_path, text)
    assert (error.code, words in error.message) == (code, True), error.message
    assert error.message.startswith(f"{tmp_path}/schema.yml:3: ")


FILES = {
    "empty": ("", "PHLO144", "schema.yml:1: "),
    "a comment": ("# models:\n", "PHLO144", "schema.yml:1: "),
    "a text": ("models", "PHLO144", "schema.yml:1: "),
    "models are a mapping": ("models: {t: 1}", "PHLO144", "schema.yml:1: models must be a list"),
    "no columns": ("models:\n  - {name: s}\n  - {name: t}", "PHLO147", "schema.yml:3: t declares"),
    "null for columns": ("models:\n  - name: t\n    columns:\n", "PHLO147", "schema.yml:3: t decl"),
    "columns are a mapping": ("models:\n  - {name: t, columns: {a: int}}", "PHLO144",
                              "schema.yml:2: t: columns must be a list"),
    "a model without a name": ("models:\n  - {columns: []}", "PHLO144", "schema.yml:2: an entry"),
    "two of one name": ("models:\n  - name: t\n  - name: t\n", "PHLO146",
                        "schema.yml:3: 't' is declared 2 times: t in line 2, t in line 3"),
    "a seed of the name": ("models:\n  - name: t\nseeds:\n  - name: t\n", "PHLO146", "line 4"),
    "key twice": ("models: []\nmodels: []\n", "PHLO142", "schema.yml:2: the key 'models'"),
    "two documents": ("models: []\n---\nmodels: []\n", "PHLO141", "schema.yml:2: "),
    "a quote left open": (f'{HEAD}      - {{name: "a, data_type: int}}\n', "PHLO141", "no YAML"),
    "latin-1": ("models: [{name: größe}]".encode("latin-1"), "PHLO141", "not UTF-8"),
    "utf-16": (HEAD.encode("utf-16"), "PHLO141", "not UTF-8"),
    "a zero byte": (HEAD.encode() + b"\0", "PHLO141", "schema.yml:5: this is no YAML"),
    "deep lists": ("models: " + "[" * 100_000 + "]" * 100_000, "PHLO141", "nesting"),
    "deep mappings": ("\n".join(f"{' ' * n}a:" for n in range(3000)), "PHLO141", "nesting"),
    "below the parser's limit": ("x: " + "[" * 900 + "]" * 900, "PHLO14", ""),
    "a bomb of merges": ("\n".join(["a0: &a0 {x: 1}"] + [
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 9)
    ]), "PHLO142", "aliases make more than"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", FILES)
def test_a_file_of_another_form_is_told(tmp_path: Path, mistake: str) -> None:
    content, code, words = FILES[mistake]
    started = time.monotonic()
    error = refused(tmp_path, content)
    assert time.monotonic() - started < 10
    assert error.code.startswith(code)
    assert words in error.message
    assert "schema.yml" in error.message


SIZES = {
    "a long description": f"{HEAD}{A}, description: {'x' * 10_000_000}}}\n",
    "a long folded one": f"{HEAD}{A}, description: >\n" + f"      {'word ' * 2000}\n" * 1000,
    "a bomb": "\n".join(
        ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    ),
}


@pytest.mark.parametrize("kind", SIZES)
def test_what_is_large_is_refused_within_seconds_and_a_bounded_memory(
    tmp_path: Path, kind: str
) -> None:
    path = written(tmp_path, SIZES[kind])
    script = (
        f"MOST = {600 << 20}\n"
        "import resource, sys\n"
        "from dbt_phlo.contracts.yaml_source import contract_from_yaml\n"
        "from dbt_phlo.errors import PhloError\n"
        "resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))\n"
        "try:\n    contract_from_yaml(sys.argv[1], 't')\n"
        "except PhloError as error:\n    print(error.code, len(str(error)))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    code, length = ended.stdout.split() or ["", "0"]
    assert code in ("PHLO907", "PHLO142", "PHLO141"), ended.stderr
    assert int(length) < 2000, "the message does not repeat the text"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEAD.encode(),
        HEAD.replace("\n", "\r\n").encode(),
        HEAD.replace("\n", "\r").encode(),
        f"%YAML 1.1\n---\n{HEAD}...\n".encode(),
    ],
    ids=["a byte order mark", "CRLF", "CR", "a directive"],
)
def test_how_an_editor_saves_a_file_changes_nothing(tmp_path: Path, content: bytes) -> None:
    found = contract(tmp_path, content)
    assert found == contract(tmp_path, HEAD)
    assert [column.name for column in found.columns] == ["ok"]


def test_lines_of_a_file_of_windows_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    error = refused(tmp_path, f"{HEAD}      - {{name: a}}\n".replace("\n", "\r\n"))
    assert error.message.startswith(f"{tmp_path}/schema.yml:5: ")


def test_anchors_and_merge_keys_are_what_they_stand_for(tmp_path: Path) -> None:
    shared = (
        "x-id: &id {data_type: bigint, data_tests: [unique]}\n"
        "models:\n"
        "  - name: s\n    columns: &columns\n      - {name: a, <<: *id}\n"
        "      - {name: b, <<: *id, data_type: int}\n"
        "  - name: t\n    columns: *columns\n"
    )
    plain = (
        "models:\n  - name: t\n    columns:\n"
        "      - {name: a, data_type: bigint, data_tests: [unique]}\n"
        "      - {name: b, data_type: int, data_tests: [unique]}\n"
    )
    assert contract(tmp_path, shared) == contract(tmp_path, plain)


@pytest.mark.parametrize(
    "test",
    [
        "{phlo_range: {min_value: \"{{ open('/etc/passwd') }}\"}}",
        "{accepted_values: {arguments: {values: [\"{{ var('x') }}\"]}}}",
        "{relationships: {to: \"{{ ref('o') }}\", field: id}}",
        '{unique: {allow_threshold: "{{ 1 / 0 }}"}}',
        "{dbt_utils.expression_is_true: {expression: \"> {{ var('x') }}\"}}",
        '{phlo_pattern: {regex: "{% raw %}a{% endraw %}"}}',
    ],
)
def test_jinja_in_arguments_is_kept_and_never_evaluated(tmp_path: Path, test: str) -> None:
    found = contract(tmp_path, f"{HEAD}{A}, data_tests: [{test}]}}\n")
    (constraint,) = found.constraints
    assert isinstance(constraint.rule, Other)
    assert constraint.rule.columns == ("a",)
    assert "{" in str(constraint.rule.arguments)


def test_a_value_that_could_be_null_is_no_value_of_a_set_of_dbt_expectations(
    tmp_path: Path,
) -> None:
    tests = "[{dbt_expectations.expect_column_values_to_be_in_set: {value_set: [1, 2]}}]"
    found = contract(tmp_path, f"{HEAD}{A}, data_tests: {tests}}}\n")
    assert not found.is_nullable("a")
    core = contract(tmp_path, f"{HEAD}{A}, data_tests: [{{accepted_values: {{values: [1]}}}}]}}\n")
    assert core.is_nullable("a")


SOURCES = """\
sources:
  - name: x
    tables: [{name: t, columns: [{name: of_x, data_type: int}]}]
  - name: y
    tables: [{name: t, columns: [{name: of_y, data_type: int}]}, {name: only, columns: [a: b]}]
"""


def test_a_table_of_two_sources_is_asked_for_by_both_names(tmp_path: Path) -> None:
    error = refused(tmp_path, SOURCES)
    assert (error.code, "x.t in line 3, y.t in line 5" in error.message) == ("PHLO146", True)
    assert [column.name for column in contract(tmp_path, SOURCES, "y.t").columns] == ["of_y"]
    assert refused(tmp_path, SOURCES, "y.onyl").message.endswith("Did you mean `y.only`?")


def test_a_model_goes_before_a_sources_table_of_its_name(tmp_path: Path) -> None:
    found = contract(tmp_path, HEAD + SOURCES)
    assert [column.name for column in found.columns] == ["ok"]


def test_lines_are_those_of_the_entry_and_not_of_its_namesakes(tmp_path: Path) -> None:
    text = (
        "models:\n"
        "  - name: other\n"
        "    columns: [{name: t, data_type: int}]\n"
        "  - name: t\n"
        "    constraints: [{type: unique, name: a, columns: [a]}]\n"
        "    columns:\n"
        "      - name: a\n"
        "        data_type: int\n"
        "sources:\n"
        "  - name: t\n"
        "    tables: [{name: t, columns: [{name: a, data_type: int}]}]\n"
    )
    found = contract(tmp_path, text)
    assert found.origin.line == 4
    assert found.columns[0].origin.line == 7
    path = tmp_path / "schema.yml"
    assert line_of(path, "t", "a", key="data_type", section="models") == 8
    assert line_of(path, "t", "t", "a", key="name", section="sources") == 11


VERSIONS = """\
models:
  - name: t
    latest_version: 2
    columns:
      - {name: a, data_type: int, data_tests: [unique]}
      - {name: b, data_type: int}
    data_tests: [{phlo_unique_combination: {combination_of_columns: [a]}}]
    versions:
      - v: 1
        data_tests: []
        columns: [{include: all, exclude: [b]}, {name: c, data_type: varchar}]
      - v: 2
        config: {unique_key: a}
      - v: 10
        columns: [{include: [b]}]
"""


def test_each_version_of_a_model_has_its_own_contract(tmp_path: Path) -> None:
    def names(asked: str) -> list[str]:
        return [column.name for column in contract(tmp_path, VERSIONS, asked).columns]

    assert names("t") == names("t.v2") == ["a", "b"]
    assert names("t.v1") == ["a", "c"]
    assert refused(tmp_path, VERSIONS, "t.v10").code == "PHLO903"  # its test names a
    assert contract(tmp_path, VERSIONS).unique_key == ("a",)
    assert len(contract(tmp_path, VERSIONS, "t.v1").constraints) == 1
    assert refused(tmp_path, VERSIONS, "t.v3").message.endswith("Did you mean `t.v2`?")
    newest = VERSIONS.replace("    latest_version: 2\n", "").replace("[b]}]", "[a]}]")
    assert [column.name for column in contract(tmp_path, newest).columns] == ["a"]


def test_a_column_that_the_table_lacks_is_told_with_its_line(tmp_path: Path) -> None:
    declared = contract(tmp_path, f"{HEAD}      - {{name: amount, data_type: int}}\n")
    (missing, extra) = differences(declared, found_columns([("ok", "INTEGER"), ("amuont", "DATE")]))
    assert (missing.kind, extra.kind) == ("missing", "extra")
    assert missing.text == (
        f"{tmp_path}/schema.yml:5: t lacks the column amount (int). Did you mean `amuont`?"
    )
    assert "Did you mean `amount`?" in extra.text


def test_the_last_of_a_thousand_models_is_found_at_once(tmp_path: Path) -> None:
    columns = "".join(f"      - {{name: c{n}, data_type: int}}\n" for n in range(20))
    models = "".join(f"  - name: m{n}\n    columns:\n{columns}" for n in range(1000))
    path = written(tmp_path, f"models:\n{models}")
    started = time.monotonic()
    found = contract_from_yaml(path, "m999")
    assert time.monotonic() - started < 20
    assert found.columns[19].origin.line == 1 + 999 * 22 + 2 + 20
