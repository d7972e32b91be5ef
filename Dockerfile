# One image, five services: `python -m services.<name>`.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONPATH=/app:/app/gen/python

WORKDIR /app
COPY requirements/runtime.txt requirements/overlay.txt requirements/
# The overlay restores files of two packages that xds-protos overwrites with old copies.
RUN pip install --require-hashes -r requirements/runtime.txt \
 && pip install --force-reinstall --no-deps --require-hashes -r requirements/overlay.txt \
 && groupadd --gid 10001 aggregator \
 && useradd --uid 10001 --gid aggregator --no-create-home --shell /usr/sbin/nologin aggregator

COPY services services
COPY gen gen
COPY envoy envoy

USER 10001:10001
