"""Where requests go, and why."""

from services.orchestrator.domain.routing import decide, routing_table
from tests.unit.orchestrator.examples import model, offer, provider, snapshot


def test_targets_are_ordered_by_priority_and_then_by_provider() -> None:
    providers = [provider(name) for name in ("delta", "alpha", "charlie", "bravo")]
    offers = (
        offer("delta", priority=0),
        offer("charlie", priority=1),
        offer("bravo", priority=5),
        offer("alpha", priority=1),
    )

    table = routing_table(snapshot(*providers, offers=offers))

    (route,) = table.routes
    assert [each.provider_id for each in route.targets] == ["delta", "alpha", "charlie", "bravo"]


def test_the_order_does_not_depend_on_how_rows_arrive() -> None:
    providers = [provider(name) for name in ("a", "b", "c")]
    offers = tuple(offer(name, model_id=each) for each in ("m2", "m1") for name in ("c", "a", "b"))

    one = routing_table(snapshot(*providers, offers=offers))
    other = routing_table(snapshot(*reversed(providers), offers=offers[::-1]))

    assert one == other
    assert [route.model_id for route in one.routes] == ["m1", "m2"]
    assert one.provider_ids == ("a", "b", "c")


def test_a_target_says_how_to_reach_the_model_there() -> None:
    there = provider("alpha", base_url="http://10.0.0.1:8000/openai/v1/")
    at_the_root = provider("bravo", base_url="https://bravo.example/")

    offers = (offer("alpha"), offer("bravo"))
    (route,) = routing_table(snapshot(there, at_the_root, offers=offers)).routes

    first, second = route.targets
    assert (first.cluster, first.base_path) == ("provider-alpha", "/openai/v1")
    assert (first.upstream_model, first.price) == ("gpt-at-alpha", offers[0].price)
    assert second.base_path == ""


def test_providers_without_models_are_in_the_table() -> None:
    table = routing_table(snapshot(provider("alone"), version=42))

    assert (table.version, table.routes, table.provider_ids) == (42, (), ("alone",))


def test_a_decision_ranks_and_explains_every_candidate() -> None:
    asked = model(offer("charlie", priority=3), offer("bravo"), offer("alpha"))

    decision = decide(asked, pinned="", table_version=9)

    found = [(each.offer.provider_id, each.rank, each.reason) for each in decision.candidates]
    assert found == [
        ("alpha", 1, "Its priority 0 comes first."),
        ("bravo", 2, "Its priority 0 is that of alpha, its id comes later."),
        ("charlie", 3, "Its priority 3 comes after 0 of bravo."),
    ]
    assert (decision.provider_id, decision.table_version) == ("alpha", 9)


def test_a_pinned_provider_drops_the_others() -> None:
    asked = model(offer("alpha"), offer("bravo"), offer("charlie"))

    decision = decide(asked, pinned="bravo", table_version=1)

    found = [(each.offer.provider_id, each.rank) for each in decision.candidates]
    assert found == [("bravo", 1), ("alpha", 0), ("charlie", 0)]
    reasons = {each.reason for each in decision.candidates}
    assert reasons == {"The path pins the request to bravo."}
    assert decision.provider_id == "bravo"


def test_a_pinned_provider_that_lacks_the_model_leaves_nobody() -> None:
    decision = decide(model(offer("alpha")), pinned="bravo", table_version=1)

    assert [each.rank for each in decision.candidates] == [0]
    assert decision.provider_id == ""
