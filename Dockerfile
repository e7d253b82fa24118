# The service in a container: one process tree, no root, no capabilities, nothing written
# outside /data and /tmp, so that it runs with a read-only root:
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     -v refrain:/data -p 8000:8000 refrain
# `--build-arg EXTRAS=otel` adds what OTEL_EXPORTER_OTLP_ENDPOINT needs.

FROM python:3.13-slim-trixie AS build
ARG EXTRAS=
WORKDIR /app
COPY requirements.lock requirements-otel.lock ./
# By their hashes, and only what is built already: nothing of it runs while installing.
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: \
        --requirement "requirements${EXTRAS:+-$EXTRAS}.lock"
COPY model model
COPY service service
# Compiled here: the running container cannot, and a worker has to be ready in 2 s.
RUN /opt/venv/bin/python -m compileall -q . && rm requirements*.lock

FROM python:3.13-slim-trixie
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Refrain" \
      org.opencontainers.image.description="Comment moderation for newsrooms: accept or reject, with reasons." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim-trixie"
RUN useradd --uid 10001 --user-group --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin refrain \
 && install --directory --owner refrain --group refrain /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    REFRAIN_DATA_DIR=/data \
    BIND=0.0.0.0 \
    PORT=8000
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
# `init` migrates, and on an empty database makes the first site, key and moderator; it
# prints their secrets once, into the container's log.  Where many replicas share one
# database, migrate in a release step (`flask migrate`) and start `service.run` alone.
CMD ["sh", "-c", "flask --app service.cli init && exec python -m service.run"]
