"""What surrounds every rpc, one concern a file.

A concern is a context manager around the handler. They run in this order: the trace is open before
anything is logged; everything inside `errors` may raise; identity comes before what needs it.
"""

from services.chassis.authenticator import Authenticator
from services.chassis.interceptors.deadline import Deadline
from services.chassis.interceptors.errors import Errors
from services.chassis.interceptors.identity import Identity
from services.chassis.interceptors.logging import Logging
from services.chassis.interceptors.permission import Permission
from services.chassis.interceptors.pipeline import Pipeline
from services.chassis.interceptors.tracing import Tracing
from services.chassis.interceptors.validation import Validation


def standard_pipeline(authenticator: Authenticator, *, mesh_secret: str) -> Pipeline:
    """Returns the concerns of every service, outermost first."""
    return Pipeline(
        (
            Tracing(),
            Logging(),
            Errors(),
            Deadline(),
            Identity(authenticator, mesh_secret=mesh_secret),
            Permission(),
            Validation(),
        )
    )
