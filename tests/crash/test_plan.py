"""A seed means one plan; a long plan reaches every point and kills everything."""

from contracts.catalogue import SERVICES
from tests.crash import plan
from tests.crash.plan import Cast, Kill

CAST = Cast(("u1", "u2", "u3", "u4"), "f")


def test_a_seed_means_the_same_kills_and_the_same_orders():
    assert plan.kills(7, 60) == plan.kills(7, 60) != plan.kills(8, 60)
    assert plan.order(7, 3, CAST) == plan.order(7, 3, CAST) != plan.order(8, 3, CAST)


def test_the_short_form_kills_every_service_and_server_and_ends_in_silence():
    for seed in range(50):
        kills = plan.kills(seed, 20)
        assert len(kills) == 20
        assert kills[-2:] == list(plan.QUIET)
        victims = [kill.victim for kill in kills]
        missing = {*SERVICES, *plan.SERVERS} - set(victims)
        assert len(missing) <= 1, "two of the block give way to the silent end"


def test_the_long_form_comes_to_every_point_of_every_service():
    kills = plan.kills(1, 200)
    assert len(kills) == 200
    reached = {(kill.service, kill.point) for kill in kills if kill.point}
    assert reached >= {(service, point) for point, all_ in plan.POINTS.items() for service in all_}


def test_a_point_where_nobody_died_is_named():
    kills = [plan.at("tasks", "done"), Kill("tasks"), plan.at("gateway", "told")]
    assert plan.unhit(kills, kills[:2]) == ["told"]
    assert plan.unhit(kills, kills) == []
