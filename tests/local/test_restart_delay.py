"""A process comes back at once, and more slowly when it keeps ending."""

from services.local.restart_delay import LONGEST_SECONDS, RestartDelay


def test_first_restart_is_at_once():
    wait, _ = RestartDelay().after(0.01, was_ready=False)
    assert wait == 0


def test_short_runs_wait_longer_each_time_up_to_the_longest():
    delay, waits = RestartDelay(), []
    for _ in range(9):
        wait, delay = delay.after(0.1, was_ready=True)
        waits.append(wait)
    assert waits[:4] == [0, 0.2, 0.4, 0.8]
    assert waits[-1] == LONGEST_SECONDS


def test_a_steady_run_forgets_the_short_ones():
    delay = RestartDelay(short_runs=6)
    wait, after = delay.after(60, was_ready=True)
    assert wait == 0
    assert after == RestartDelay(short_runs=1)


def test_a_long_run_that_never_served_is_not_steady():
    wait, _ = RestartDelay(short_runs=3).after(60, was_ready=False)
    assert wait > 0


def test_the_wait_stays_bounded_after_many_restarts():
    wait, _ = RestartDelay(short_runs=10_000).after(0.1, was_ready=False)
    assert wait == LONGEST_SECONDS
