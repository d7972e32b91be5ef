"""What an Envoy is told over ADS, and what it is not told."""

from typing import Any

from services.orchestrator.rpc.discovery_session import DiscoverySession
from services.orchestrator.rpc.envoy_cluster import ClusterMaker
from services.orchestrator.rpc.envoy_resources import (
    CLUSTER_URL,
    SECRET_URL,
    Resources,
    make_resources,
)
from services.orchestrator.rpc.envoy_types import DiscoveryRequest
from tests.unit.orchestrator.examples import provider, snapshot

MAKE = ClusterMaker("-- rewrite", "/ca.pem")
ALPHA, BRAVO = provider("alpha"), provider("bravo")


def _resources(*names: str, version: int = 1) -> Resources:
    state = snapshot(*(provider(name) for name in names), version=version)
    return make_resources(state, make_cluster=MAKE)


def _ask(kind: str, *names: str, after: Any = None, error: str = "") -> Any:
    request = DiscoveryRequest(
        type_url=kind, resource_names=names, response_nonce=after.nonce if after else ""
    )
    if error:
        request.error_detail.message = error
    return request


def _only(answers: list[Any]) -> Any:
    (answer,) = answers
    return answer


def _session(*names: str) -> DiscoverySession:
    return DiscoverySession(_resources(*names))


def _count(answer: Any) -> int:
    return len(answer.resources)


def test_clusters_are_told_at_once() -> None:
    answer = _only(_session("alpha", "bravo").hear(_ask(CLUSTER_URL)))

    assert (answer.type_url, _count(answer)) == (CLUSTER_URL, 2)
    assert answer.nonce
    assert answer.version_info.startswith("1-")


def test_nothing_is_told_before_the_state_is_known() -> None:
    session = DiscoverySession()

    # An empty answer would make Envoy drop every cluster that it serves with.
    assert session.hear(_ask(CLUSTER_URL)) == []
    assert _count(_only(session.learn(_resources("alpha")))) == 1


def test_an_empty_catalogue_is_told_too() -> None:
    assert _count(_only(_session().hear(_ask(CLUSTER_URL)))) == 0


def test_an_acknowledgement_needs_no_answer() -> None:
    session = _session("alpha")
    answer = _only(session.hear(_ask(CLUSTER_URL)))

    assert session.hear(_ask(CLUSTER_URL, after=answer)) == []


def test_a_change_is_pushed_and_no_change_is_not() -> None:
    session = _session("alpha")
    first = _only(session.hear(_ask(CLUSTER_URL)))

    assert session.learn(_resources("alpha", version=2)) == []
    second = _only(session.learn(_resources("alpha", "bravo", version=3)))
    third = _only(session.learn(_resources("bravo", version=4)))

    assert [_count(each) for each in (first, second, third)] == [1, 2, 1]
    assert len({each.nonce for each in (first, second, third)}) == 3


def test_a_refused_answer_is_not_repeated_until_something_changes() -> None:
    session = _session("alpha")
    answer = _only(session.hear(_ask(CLUSTER_URL)))

    assert session.hear(_ask(CLUSTER_URL, after=answer, error="no such filter")) == []
    assert session.learn(_resources("alpha", version=2)) == []
    assert len(session.learn(_resources("alpha", "bravo", version=3))) == 1


def test_secrets_are_told_by_name_once_they_are_asked_for() -> None:
    session = _session("alpha", "bravo")
    session.hear(_ask(CLUSTER_URL))

    first = _only(session.hear(_ask(SECRET_URL, "credential-alpha")))
    second = _only(
        session.hear(_ask(SECRET_URL, "credential-alpha", "credential-bravo", after=first))
    )

    assert (_count(first), _count(second)) == (1, 2)
    assert session.hear(_ask(SECRET_URL, "credential-bravo", after=second)) == []


def test_a_secret_that_is_wanted_again_is_told_again() -> None:
    session = _session("alpha", "bravo")
    both = ("credential-alpha", "credential-bravo")
    answer = _only(session.hear(_ask(SECRET_URL, *both)))

    session.hear(_ask(SECRET_URL, both[0], after=answer))

    assert _count(_only(session.hear(_ask(SECRET_URL, *both, after=answer)))) == 2


def test_an_unknown_secret_is_told_when_it_comes_to_be() -> None:
    session = _session("alpha")

    assert session.hear(_ask(SECRET_URL, "credential-bravo")) == []
    answer = _only(session.learn(_resources("alpha", "bravo", version=2)))
    assert (answer.type_url, _count(answer)) == (SECRET_URL, 1)


def test_clusters_come_before_the_secrets_that_they_need() -> None:
    session = _session("alpha")
    session.hear(_ask(CLUSTER_URL))
    session.hear(_ask(SECRET_URL, "credential-bravo"))

    answers = session.learn(_resources("alpha", "bravo", version=2))

    assert [each.type_url for each in answers] == [CLUSTER_URL, SECRET_URL]


def test_no_secret_is_told_that_was_not_asked_for() -> None:
    session = _session("alpha")

    assert session.hear(_ask(SECRET_URL)) == []
    assert session.learn(_resources("alpha", "bravo", version=2)) == []


def test_a_request_that_crossed_a_newer_answer_is_passed_over() -> None:
    session = _session("alpha")
    old = _only(session.hear(_ask(CLUSTER_URL)))
    session.learn(_resources("alpha", "bravo", version=2))

    assert session.hear(_ask(CLUSTER_URL, after=old)) == []


def test_types_that_nobody_serves_are_passed_over() -> None:
    kind = "type.googleapis.com/envoy.config.listener.v3.Listener"

    assert _session("alpha").hear(_ask(kind)) == []


def test_a_resource_does_not_print_its_secret() -> None:
    printed = repr(_resources("alpha"))

    assert "word-of-alpha" not in printed


def test_the_same_provider_makes_the_same_bytes() -> None:
    one = _resources("alpha").by_type[CLUSTER_URL]["provider-alpha"]
    other = _resources("alpha", version=2).by_type[CLUSTER_URL]["provider-alpha"]

    assert one == other
