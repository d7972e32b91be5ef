import random
import string

import pytest

from services.auth.domain.key_text import is_key_id, new_key_text, parse_key_text
from services.auth.usecases.verify_api_key import VerifyApiKey
from services.kernel.errors import InvalidCredential
from tests.unit.auth.stores import FakeClock, FakeMacs, Stores

ALPHANUMERIC = string.ascii_letters + string.digits
ANY = ALPHANUMERIC + "_- é\n\0"


def mutate(text: str, dice: random.Random) -> str:
    """Changes, inserts, drops or swaps characters, at most three times."""
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(text))
        how = dice.randrange(4)
        if how == 0:
            text = text[:at] + dice.choice(ANY) + text[at + 1 :]
        elif how == 1:
            text = text[:at] + dice.choice(ANY) + text[at:]
        elif how == 2:
            text = text[:at] + text[at + 1 :]
        else:
            text = text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
    return text


def test_a_new_key_has_the_documented_form():
    key = new_key_text()
    prefix, key_id, rest = key.text.split("_")
    assert (prefix, key_id, len(key_id), len(rest)) == ("agg", key.key_id, 12, 27 + 6)
    assert set(key_id + rest) <= set(ALPHANUMERIC)
    assert parse_key_text(key.text) == key
    assert is_key_id(key.key_id)


def test_keys_differ():
    assert len({new_key_text().text for _ in range(1000)}) == 1000


def test_the_secret_is_not_in_its_representation():
    key = new_key_text()
    assert key.text not in repr(key)
    assert key.text[20:] not in f"{key}"


async def test_ten_thousand_mutations_are_refused_without_asking_the_store():
    dice = random.Random(20260101)
    stores = Stores()
    verify = VerifyApiKey(stores.begin, FakeMacs(), FakeClock())
    key = new_key_text()
    tried = 0
    while tried < 10_000:
        mutant = mutate(key.text, dice)
        if mutant == key.text:
            continue
        tried += 1
        with pytest.raises(InvalidCredential):
            await verify(mutant)
    assert stores.transactions_begun == 0


@pytest.mark.parametrize("text", ["", "agg_", "agg__", "sk-123", "AGG_" + "a" * 46, "a" * 100_000])
def test_what_is_no_key_is_refused(text: str):
    with pytest.raises(InvalidCredential):
        parse_key_text(text)


def test_a_trailing_newline_makes_another_text():
    with pytest.raises(InvalidCredential):
        parse_key_text(new_key_text().text + "\n")
