# The command line in a container:
#   docker build -t pmo-optimizer .
#   docker run --rm -v "$PWD:/work" pmo-optimizer solve portfolio.yaml
FROM python:3.11-slim

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1

WORKDIR /app

# The pinned packages first: this layer is kept until the lock changes.
COPY requirements.lock ./
RUN python -m pip install --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY pmo_optimizer ./pmo_optimizer
COPY solvers ./solvers
COPY scenarios ./scenarios
RUN python -m pip install --no-deps --no-build-isolation .

RUN useradd --create-home --uid 10001 planner
USER planner
WORKDIR /work

HEALTHCHECK --interval=60s --timeout=10s --start-period=5s --retries=3 \
    CMD ["pmo-optimizer", "engines"]

ENTRYPOINT ["pmo-optimizer"]
CMD ["--help"]
