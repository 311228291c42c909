"""The contract's names of checks."""

import re

from dbt_phlo.checks.names import Named, base_name, contract_names


def test_a_name_says_the_test_and_what_it_is_about() -> None:
    assert base_name(Named("n", "unique", "orders", "id")) == "dbt__unique__orders__id"
    assert base_name(Named("n", "phlo_row_count", "orders")) == "dbt__phlo_row_count__orders"
    assert base_name(Named("n", "singular", "no_gaps")) == "dbt__singular__no_gaps"


def test_a_name_holds_letters_digits_and_underscores_only() -> None:
    name = base_name(Named("n", "not_null", "my-model", 'Odd "Näme"'))
    assert re.fullmatch(r"[A-Za-z0-9_]+", name)


def test_tests_that_share_a_name_all_carry_a_hash_whatever_their_order() -> None:
    first = Named("test.shop.a", "in_range", "orders", "total")
    second = Named("test.shop.b", "in_range", "orders", "total")
    other = Named("test.shop.c", "unique", "orders", "total")
    names = contract_names([first, second, other])
    assert names == contract_names([other, second, first])
    assert len(set(names.values())) == 3
    assert names["test.shop.c"] == "dbt__unique__orders__total"
    assert re.fullmatch(r"dbt__in_range__orders__total_[0-9a-f]{8}", names["test.shop.a"])


def test_names_that_differ_in_letters_that_are_not_allowed_do_not_become_one() -> None:
    names = contract_names(
        [Named("a", "unique", "orders", "x y"), Named("b", "unique", "orders", "x_y")]
    )
    assert len(set(names.values())) == 2


def test_every_model_has_one_schema_contract_of_the_same_name() -> None:
    names = contract_names([Named("a", "pandera_contract", m) for m in ("x", "y")][:1])
    assert names == {"a": "pandera_contract"}
    both = contract_names(
        [Named("a", "pandera_contract", "x"), Named("b", "pandera_contract", "y")]
    )
    assert set(both.values()) == {"pandera_contract"}
    twice = contract_names(
        [Named("a", "pandera_contract", "x"), Named("b", "pandera_contract", "x")]
    )
    assert len(set(twice.values())) == 2
